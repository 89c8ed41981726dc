import { type ByteReader, type ByteWriter, newer } from '../format/bytes.ts'

/** Format of the row. */
const VERSION = 1
/** Lives that are remembered; a record of an earlier one counts as unknown. */
const REMEMBERED = 100
const STATES = ['open', 'claimed', 'recorded'] as const

/**
 * One time for which a process had this manifest open. `open`: it has written nothing about itself into the store.
 * `claimed`: it may have. `recorded`: it has.
 */
export interface Life {
  readonly id: string
  /** The last record of the log when it began. */
  readonly begin: number
  readonly state: (typeof STATES)[number]
  /** Whose word began it, when somebody had to say that this manifest is the one to go by. */
  readonly by?: string
}

/** What an owner record says that matters here. */
export interface Claim {
  readonly life: string
  /** The last record of the log that its writer had. */
  readonly index: number
}

/** A manifest's lives with one more. Of those that the store was told nothing of only the begin matters. */
export function withLife(lives: readonly Life[], id: string, begin: number, by?: string): readonly Life[] {
  const last = lives.at(-1)
  const silent = last?.state === 'open'
  const life: Life = {
    id,
    begin: silent ? last.begin : begin,
    state: 'open',
    ...(by !== undefined && { by }),
  }
  return [...(silent ? lives.slice(0, -1) : lives), life].slice(-REMEMBERED)
}

/** The same lives, the last of them further than it was. */
export function withLast(lives: readonly Life[], state: Life['state']): readonly Life[] {
  return lives.map((life, at) => (at === lives.length - 1 ? { ...life, state } : life))
}

/**
 * Whether all that the writer of a claim had is in this manifest too: it was one of the earlier lives of this very
 * manifest, and had not come further than this manifest had when that life ended here. A life is one process with one
 * log, so a copy that has the life has its log up to where the copy was made.
 */
export function knows(lives: readonly Life[], { life, index }: Claim): boolean {
  const at = lives.findIndex(({ id }) => id === life)
  const next = lives[at + 1]
  return at !== -1 && next !== undefined && index <= next.begin
}

export function writeLives(writer: ByteWriter, lives: readonly Life[]): void {
  writer.u8(VERSION).varint(lives.length)
  for (const { id, begin, state, by } of lives)
    writer
      .text(id)
      .varint(begin)
      .u8(STATES.indexOf(state))
      .text(by ?? '')
}

export function readLives(reader: ByteReader): readonly Life[] {
  const version = reader.u8()
  if (version !== VERSION) throw newer("the row of the manifest's lives", version)
  return Array.from({ length: reader.varint() }, () => {
    const life = { id: reader.text(), begin: reader.varint(), state: STATES[reader.u8()] ?? 'recorded' }
    const by = reader.text()
    return by === '' ? life : { ...life, by }
  })
}
