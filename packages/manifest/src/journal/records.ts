import {
  type FailpointRegistry,
  HoldfastError,
  hasCode,
  isHoldfastError,
  type Journal,
  messageOf,
  type PlanItem,
  type PlanRecord,
  planUnknown,
  RUNS_KEPT,
  type RunRecord,
} from '@holdfast/core'
import type { ByteReader } from '../format/bytes.ts'
import { behind, nameOf } from '../format/rows.ts'
import type { Room } from '../home.ts'
import type { Rows } from '../state/rows.ts'
import { readBlock, readRecord, writeBlock, writeRecord } from './codec.ts'
import {
  BLOCKS,
  blockRow,
  blocksOf,
  OPEN_RUNS,
  OWNER,
  openRow,
  PLANS,
  planOfBlock,
  planRow,
  runRow,
  runsOf,
} from './rows.ts'

const ALL = Number.MAX_SAFE_INTEGER
/** Blocks that are removed in one transaction. */
const REMOVED_AT_ONCE = 16

const readRun = readRecord<RunRecord>('a run')
const readPlan = readRecord<PlanRecord>('a plan')

/** The journal over rows. Every write checks that the data folder still is this process's own. */
export class Records implements Journal {
  readonly #rows: Rows
  readonly #owner: string
  readonly #room: Pick<Room, 'isFull'>
  readonly #failpoints: FailpointRegistry

  constructor(rows: Rows, owner: string, room: Pick<Room, 'isFull'>, failpoints: FailpointRegistry) {
    this.#rows = rows
    this.#owner = owner
    this.#room = room
    this.#failpoints = failpoints
  }

  async recordRun(run: RunRecord): Promise<void> {
    const prefix = runsOf(run.job)
    await this.#write('run', () => {
      this.#rows.put(runRow(run.job, run.id), writeRecord(run))
      if (run.outcome) this.#rows.remove(openRow(run.id))
      else this.#rows.put(openRow(run.id), (payload) => payload.text(run.job))
      const names = this.#rows.names(prefix, behind(prefix), ALL)
      for (const row of names.slice(0, -RUNS_KEPT)) {
        this.#rows.remove(row)
        this.#rows.remove(openRow(nameOf(row, prefix.length)))
      }
    })
  }

  async runs(job: string): Promise<readonly RunRecord[]> {
    const prefix = runsOf(job)
    return this.#names(prefix)
      .reverse()
      .map((row) => this.#read(row, readRun))
      .filter((run) => run !== undefined)
  }

  async openRuns(): Promise<readonly RunRecord[]> {
    return this.#names(OPEN_RUNS).flatMap((row) => {
      try {
        const job = this.#read(row, (payload) => payload.text())
        return (job !== undefined && this.#read(runRow(job, nameOf(row)), readRun)) || []
      } catch (error) {
        // The rest must be closed all the same; whoever asks for the history of that job is told.
        if (hasCode(error, 'HF_JOURNAL_CORRUPT')) return []
        throw error
      }
    })
  }

  async spool(plan: string, from: number, items: readonly PlanItem[]): Promise<void> {
    await this.#write('spool', () => this.#rows.insert(blockRow(plan, from), writeBlock(items)))
  }

  async addPlan(plan: PlanRecord): Promise<void> {
    await this.#write('plan', () => this.#rows.put(planRow(plan.id), writeRecord(plan)))
  }

  async plan(id: string): Promise<PlanRecord | undefined> {
    return this.#read(planRow(id), readPlan)
  }

  async plans(): Promise<{ id: string; expiresAt: number | undefined }[]> {
    return this.#names(PLANS).map((row) => {
      const id = nameOf(row)
      try {
        return { id, expiresAt: this.#read(row, readPlan)?.expiresAt }
      } catch (error) {
        if (hasCode(error, 'HF_JOURNAL_CORRUPT')) return { id, expiresAt: undefined }
        throw error
      }
    })
  }

  async *planItems(id: string): AsyncGenerator<readonly PlanItem[]> {
    const plan = await this.plan(id)
    if (!plan) throw planUnknown(id)
    let count = 0
    while (count < plan.totals.files) {
      const items = this.#read(blockRow(id, count), readBlock)
      if (!items || items.length === 0) break
      yield items
      count += items.length
    }
    if (count === plan.totals.files) return
    // Somebody may have removed it while we read.
    if (!(await this.plan(id))) throw planUnknown(id)
    throw damaged(`plan ${id} has ${plan.totals.files} items, of which ${count} are there`, { plan: id })
  }

  async removePlan(id: string): Promise<void> {
    const failpoints = this.#failpoints
    if (failpoints.armed) await failpoints.hit('journal.remove.before')
    this.#transaction(() => this.#rows.remove(planRow(id)))
    if (failpoints.armed) await failpoints.hit('journal.remove.unlisted')
    await this.#removeBlocks(id)
    if (failpoints.armed) await failpoints.hit('journal.remove.after')
  }

  async #removeBlocks(plan: string): Promise<void> {
    const end = behind(blocksOf(plan))
    for (;;) {
      const rows = this.#rows.names(blocksOf(plan), end, REMOVED_AT_ONCE)
      if (rows.length === 0) return
      this.#transaction(() => {
        for (const row of rows) this.#rows.remove(row)
      })
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Removes the blocks of plans that were never finished: their process ended first. */
  async removeUnfinished(): Promise<void> {
    for (let from: Buffer = BLOCKS; ; ) {
      const [row] = this.#rows.names(from, behind(BLOCKS), 1)
      if (!row) return
      const plan = planOfBlock(row)
      if (this.#rows.has(planRow(plan))) from = behind(blocksOf(plan))
      else await this.removePlan(plan)
    }
  }

  #names(prefix: Buffer): Buffer[] {
    return this.#rows.names(prefix, behind(prefix), ALL)
  }

  #read<T>(row: Buffer, read: (payload: ByteReader) => T): T | undefined {
    try {
      return this.#rows.get(row, read)
    } catch (error) {
      if (hasCode(error, 'HF_MANIFEST_CORRUPT') || error instanceof SyntaxError)
        throw damaged('a value is damaged: its checksum does not fit', { row: row.toString('latin1') }, error)
      throw error
    }
  }

  async #write(what: 'run' | 'spool' | 'plan', fn: () => void): Promise<void> {
    const failpoints = this.#failpoints
    if (failpoints.armed) await failpoints.hit(`journal.${what}.before`)
    this.#transaction(fn)
    if (failpoints.armed) await failpoints.hit(`journal.${what}.after`)
  }

  #transaction(fn: () => void): void {
    try {
      this.#rows.transaction(() => {
        if (this.#read(OWNER, (payload) => payload.text()) !== this.#owner)
          throw new HoldfastError('HF_DATADIR_TAKEN', 'another process has taken this data folder over')
        fn()
      })
    } catch (cause) {
      if (isHoldfastError(cause)) throw cause
      const code = this.#room.isFull(cause) ? 'HF_NO_SPACE' : 'HF_COMMIT_FAILED'
      throw new HoldfastError(code, `nothing was written into the journal: ${messageOf(cause)}`, {
        operation: 'journal',
        cause,
      })
    }
  }
}

export function damaged(what: string, context: Record<string, unknown>, cause?: unknown): HoldfastError {
  return new HoldfastError('HF_JOURNAL_CORRUPT', `in the journal ${what}`, { context, cause })
}
