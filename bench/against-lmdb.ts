import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { comparedRows, hashOf, openRows, type Row, type Rows } from './manifest-node.ts'
import { type Compared, compareRounds, fileSystemOf, type Sample } from './pairs.ts'

const ROUNDS = 7

/** Writes all rows, transaction by transaction. */
export type Peer = (db: Rows) => void

export interface Commits<P extends readonly Peer[]> {
  /** Files that are registered. */
  readonly n: number
  /** Registers them in a new data folder, and gives how long that took, ms. */
  readonly register: (dataDir: string) => Promise<number>
  /** What raw lmdb does in its place, made of the rows that the manifest wrote. */
  readonly peers: (written: WrittenRows) => P
}

/**
 * The manifest against raw lmdb: each side writes the same rows into an environment of its own, which was opened alike.
 * Gives what each peer did, and what all lines of this kind say.
 * @throws when a side wrote other rows
 */
export async function againstLmdb<const P extends readonly Peer[]>({ n, register, peers }: Commits<P>) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  let count = 0
  const measured = async (run: (path: string) => Promise<number>, look?: (db: Rows) => void) => {
    const path = join(folder, String(count++))
    collectGarbage()
    const ms = await run(path)
    const db = openRows(run === register ? join(path, 'manifest') : path)
    look?.(db)
    const sample: Sample = { ms, result: hashOf(db) }
    await db.close()
    rmSync(path, { recursive: true })
    return sample
  }
  const alone = (peer: Peer) => async (path: string) => {
    const db = openRows(path)
    const start = performance.now()
    peer(db)
    const ms = performance.now() - start
    await db.close()
    return ms
  }
  try {
    let made: P | undefined
    // The first run makes the rows that the peers write.
    await measured(register, (db) => {
      made = peers(new WrittenRows(db))
    })
    const sides = (made as P).map((peer) => () => measured(alone(peer)))
    const compared = await compareRounds(ROUNDS, n, () => measured(register), sides)
    return {
      compared: compared as { readonly [K in keyof P]: Compared },
      about: {
        better: 'higher',
        n,
        fs: fileSystemOf(folder),
        sync: 'every transaction, overlappingSync: false',
      },
    } as const
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Shares out what belongs to no file: folders, each once and in order, and counters and the head, which every
 * transaction writes anew.
 */
export function shareOut(written: WrittenRows, transactions: readonly Row[][]): void {
  const shared = written.takeShared()
  const once = written.takeRest()
  for (const [at, row] of once.entries())
    transactions[Math.floor((at * transactions.length) / once.length)]?.push(row)
  for (const rows of transactions) rows.push(...shared)
}

/** A peer that is given its rows encoded. */
export function puts(transactions: readonly (readonly Row[])[]): Peer {
  return (db) => {
    for (const rows of transactions)
      db.transactionSync(() => {
        for (const { key, value } of rows) db.putSync(key, value)
      })
  }
}

/** The rows that the manifest wrote, each of which some transaction of a peer has to take. */
export class WrittenRows {
  readonly #left: Map<string, Row>
  readonly #ages = new Map<string, Buffer>()

  constructor(db: Rows) {
    this.#left = comparedRows(db)
    for (const { key } of this.#left.values())
      if (key[0] === 0x61) this.#ages.set(key.toString('utf8', 13), key)
  }

  take(name: string | Buffer): Row {
    const latin1 = Buffer.from(name).toString('latin1')
    const row = this.#left.get(latin1)
    if (!row) throw new Error(`void: the manifest wrote no row ${latin1}`)
    this.#left.delete(latin1)
    return row
  }

  /** The rows of one file's own, in the order in which the manifest writes them. */
  takeFile({ path, key }: { readonly path: string; readonly key: string }): Row[] {
    return [`k${key}`, `e${path}`, this.#ages.get(path) as Buffer].map((name) => this.take(name))
  }

  /** The row of a table that is named by the index of a record. */
  takeAt(table: 'L' | 's', index: number): Row {
    const name = Buffer.alloc(9, table)
    name.writeBigUInt64BE(BigInt(index), 1)
    return this.take(name)
  }

  /** Counters and the head: rows that every transaction writes anew. */
  takeShared(): Row[] {
    return [...this.#left.values()]
      .filter(({ key }) => ['n', 'H'].includes(String.fromCharCode(key[0] as number)))
      .map(({ key }) => this.take(key))
  }

  /** All that nobody has taken. */
  takeRest(): Row[] {
    const rest = [...this.#left.values()]
    this.#left.clear()
    return rest
  }
}

/** So that no side pays for what was left behind by the one before it, or by the comparison. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}
