import {
  type FailpointRegistry,
  HoldfastError,
  type Journal,
  type PlanItem,
  type PlanRecord,
  type RunRecord,
  type Service,
} from '@holdfast/core'
import { newer } from '../format/bytes.ts'
import type { Home } from '../home.ts'
import { Rows } from '../state/rows.ts'
import type { KeyValue } from '../store/key-value.ts'
import { Records } from './records.ts'
import { FORMAT, OWNER } from './rows.ts'

const JOURNAL_FORMAT = 1

/**
 * The node's runs and plans, in `journal/` of its data folder: the manifest's lock guards it too, so it starts after
 * the manifest. Losing it loses history and plans, never a file.
 */
export class JournalService implements Journal, Service {
  readonly #home: Home
  readonly #owner: string
  readonly #failpoints: FailpointRegistry
  #open: { readonly store: KeyValue; readonly records: Records } | undefined

  /** `owner` names this process's life. */
  constructor(home: Home, owner: string, failpoints: FailpointRegistry) {
    this.#home = home
    this.#owner = owner
    this.#failpoints = failpoints
  }

  async start(): Promise<void> {
    const failpoints = this.#failpoints
    const seal = await this.#home.seal()
    const store = await this.#home.openJournal()
    try {
      const rows = new Rows(store, seal)
      const format = rows.get(FORMAT, (payload) => payload.varint()) ?? JOURNAL_FORMAT
      if (format > JOURNAL_FORMAT) throw newer('the journal', format)
      if (failpoints.armed) await failpoints.hit('journal.open.before')
      rows.transaction(() => {
        rows.put(FORMAT, (payload) => payload.varint(JOURNAL_FORMAT))
        rows.put(OWNER, (payload) => payload.text(this.#owner))
      })
      if (failpoints.armed) await failpoints.hit('journal.open.after')
      const records = new Records(rows, this.#owner, this.#home.room, failpoints)
      await records.removeUnfinished()
      this.#open = { store, records }
    } catch (error) {
      await store.close()
      throw error
    }
  }

  async stop(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    await open?.store.close()
  }

  get #records(): Records {
    if (!this.#open) throw new HoldfastError('HF_NOT_STARTED', 'the journal is not open')
    return this.#open.records
  }

  async recordRun(run: RunRecord): Promise<void> {
    return this.#records.recordRun(run)
  }

  async runs(job: string): Promise<readonly RunRecord[]> {
    return this.#records.runs(job)
  }

  async openRuns(): Promise<readonly RunRecord[]> {
    return this.#records.openRuns()
  }

  async spool(plan: string, from: number, items: readonly PlanItem[]): Promise<void> {
    return this.#records.spool(plan, from, items)
  }

  async addPlan(plan: PlanRecord): Promise<void> {
    return this.#records.addPlan(plan)
  }

  async plan(id: string): Promise<PlanRecord | undefined> {
    return this.#records.plan(id)
  }

  async plans(): Promise<readonly { readonly id: string; readonly expiresAt: number | undefined }[]> {
    return this.#records.plans()
  }

  planItems(id: string): AsyncIterable<readonly PlanItem[]> {
    return this.#records.planItems(id)
  }

  async removePlan(id: string): Promise<void> {
    return this.#records.removePlan(id)
  }
}
