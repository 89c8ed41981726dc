import { MAX_BATCH_OPS, type OpOutcome, type Position } from '@holdfast/core'
import type { ByteReader, ByteWriter } from '../format/bytes.ts'
import { corrupt } from '../format/bytes.ts'

/** Every outcome that an op can have, by its number in the table of recent batches. Append only. */
const OUTCOMES = [
  { status: 'done' },
  { status: 'same' },
  { status: 'skipped', reason: 'changed' },
  { status: 'skipped', reason: 'absent' },
  { status: 'skipped', reason: 'listed' },
  { status: 'skipped', reason: 'known' },
  { status: 'skipped', reason: 'exists' },
  { status: 'skipped', reason: 'conflict' },
  { status: 'skipped', reason: 'early' },
  { status: 'skipped', reason: 'doomed' },
  { status: 'skipped', reason: 'retired', state: 'live' },
  { status: 'skipped', reason: 'retired', state: 'condemned' },
  { status: 'skipped', reason: 'retired', state: 'doomed' },
  { status: 'skipped', reason: 'retired', state: 'gone' },
  { status: 'skipped', reason: 'held' },
  { status: 'skipped', reason: 'replaced' },
] as const satisfies readonly OpOutcome[]

/** The outcomes by name; one object each, so that they can be compared and counted cheaply. */
export const DONE: OpOutcome = OUTCOMES[0]
export const SAME: OpOutcome = OUTCOMES[1]

type Skipped = Extract<(typeof OUTCOMES)[number], { status: 'skipped' }>

export function skipped(reason: Exclude<Skipped['reason'], 'retired'>): OpOutcome {
  return OUTCOMES.find((outcome) => 'reason' in outcome && outcome.reason === reason) as OpOutcome
}

export function retired(state: Extract<Skipped, { reason: 'retired' }>['state']): OpOutcome {
  return OUTCOMES.find((outcome) => 'state' in outcome && outcome.state === state) as OpOutcome
}

/** Outcomes that carry a number stand by themselves: it follows them. */
const REPLACED = 0xf0
const TOO_LATE = 0xf1

/** Done, and by this number it can be undone. */
export function replaced(replacement: number): OpOutcome {
  return { status: 'done', replacement }
}

/** Done, but too late for so many. */
export function doneTooLate(doomed: number): OpOutcome {
  return doomed === 0 ? DONE : { status: 'done', doomed }
}

export type BatchStatus = 'committed' | 'fenced' | 'strict'
const STATUSES = ['committed', 'fenced', 'strict'] as const satisfies readonly BatchStatus[]

/** What became of a batch: enough to answer its proposer a second time. */
export interface BatchRow {
  readonly position: Position
  readonly status: BatchStatus
  readonly outcomes: readonly OpOutcome[]
}

export function writeBatchRow(writer: ByteWriter, { position, status, outcomes }: BatchRow): void {
  writer.varint(position.term).varint(position.index).u8(STATUSES.indexOf(status))
  writeOutcomes(writer, outcomes)
}

/** Runs of equal outcomes: a thousand times `done` takes three bytes. */
export function writeOutcomes(writer: ByteWriter, outcomes: readonly OpOutcome[]): void {
  writer.varint(outcomes.length)
  for (let start = 0; start < outcomes.length; ) {
    const outcome = outcomes[start] as OpOutcome
    let end = start + 1
    if (outcome.status === 'done' && outcome.replacement !== undefined)
      writer.u8(REPLACED).varint(outcome.replacement)
    else if (outcome.status === 'done' && outcome.doomed !== undefined)
      writer.u8(TOO_LATE).varint(outcome.doomed)
    else {
      while (end < outcomes.length && outcomes[end] === outcome) end++
      writer.u8(OUTCOMES.indexOf(outcome as (typeof OUTCOMES)[number])).varint(end - start)
    }
    start = end
  }
}

export function readBatchRow(reader: ByteReader): BatchRow {
  const position = { term: reader.varint(), index: reader.varint() }
  const status = STATUSES[reader.u8()]
  if (!status) throw corrupt('a batch with a status that there is not')
  return { position, status, outcomes: readOutcomes(reader) }
}

export function readOutcomes(reader: ByteReader): OpOutcome[] {
  const count = reader.varint()
  const outcomes: OpOutcome[] = []
  if (count > MAX_BATCH_OPS) throw corrupt('a batch with more ops than there can be')
  while (outcomes.length < count) {
    const number = reader.u8()
    if (number === REPLACED || number === TOO_LATE) {
      const detail = reader.varint()
      outcomes.push(number === REPLACED ? replaced(detail) : { status: 'done', doomed: detail })
      continue
    }
    const outcome = OUTCOMES[number]
    if (!outcome) throw corrupt('an op with an outcome that there is not')
    const run = reader.varint()
    if (run === 0 || run > count - outcomes.length) throw corrupt('a batch with more outcomes than ops')
    for (let left = run; left > 0; left--) outcomes.push(outcome)
  }
  return outcomes
}
