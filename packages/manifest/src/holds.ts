import {
  type FilePath,
  type Hold,
  HoldfastError,
  type HoldOptions,
  type HoldResult,
  type Holds,
  type NewHold,
  type StorageKey,
} from '@holdfast/core'
import { holdProblems } from './commit/validate-op.ts'
import { partsOf } from './format/hold.ts'
import type { Opened } from './opened.ts'
import type { Subject } from './state/holds.ts'

/** The rules that keep files, over the manifest. */
export class ManifestHolds implements Holds {
  readonly #opened: () => Opened

  constructor(opened: () => Opened) {
    this.#opened = opened
  }

  async hold(
    { id, scope, owner, expiresAt }: NewHold,
    { current, ...options }: HoldOptions = {},
  ): Promise<HoldResult> {
    const { committer, clock, ids } = this.#opened()
    const rule: Hold = { id: id ?? ids.next(), scope, owner, ...(expiresAt !== undefined && { expiresAt }) }
    const problems = [...holdProblems(rule)]
    if (problems.length === 0 && expiresAt !== undefined && expiresAt <= clock.now())
      problems.push('its expiresAt is over already')
    if (problems.length > 0)
      throw new HoldfastError('HF_OPTION_INVALID', `this hold cannot be: ${problems.join('; ')}`, {
        operation: 'holds.hold',
        context: { problems },
      })
    const op = { type: 'hold', ...rule, ...(current !== undefined && { current }) } as const
    const { outcomes } = await committer.commit({ ops: [op] }, options)
    const [outcome] = outcomes
    if (outcome?.status === 'skipped' && outcome.reason === 'changed') throw this.#another(rule.id)
    if (outcome?.status === 'skipped')
      throw new HoldfastError('HF_DOOMED', `${partsOf(scope).name} is being erased: a hold comes too late`, {
        operation: 'holds.hold',
        context: { scope },
      })
    return { ...rule, doomed: (outcome?.status === 'done' && outcome.doomed) || 0 }
  }

  async release(id: string, { current, ...options }: HoldOptions = {}): Promise<boolean> {
    const op = { type: 'release', id, ...(current !== undefined && { current }) } as const
    const { outcomes } = await this.#opened().committer.commit({ ops: [op] }, options)
    if (outcomes[0]?.status === 'skipped') throw this.#another(id)
    return outcomes[0]?.status === 'done'
  }

  #another(id: string): HoldfastError {
    const hold = this.#opened().state.holds.get(id) ?? null
    return new HoldfastError(
      'HF_INPUT_CHANGED',
      `hold ${id} is not what it was when it was looked at: somebody has set, replaced or released it; look again`,
      { operation: 'holds', context: { id, hold } },
    )
  }

  list(): readonly Hold[] {
    return this.#opened().state.holds.all()
  }

  covering(file: { readonly path: FilePath } | { readonly key: StorageKey }): readonly Hold[] {
    if (this.#opened().state.holds.size === 0) return []
    return holdsOf(this.#opened(), this.#subject(file))
  }

  #subject(file: { readonly path: FilePath } | { readonly key: StorageKey }): Subject {
    const { state } = this.#opened()
    if ('path' in file) {
      const entry = state.entry(file.path)
      return { path: file.path, key: entry?.key ?? '', namespace: entry?.namespace }
    }
    const { key } = file
    const known = state.key(key)
    if (known?.state === 'live')
      return { path: known.path, key, namespace: state.entry(known.path)?.namespace }
    if (known?.state !== 'condemned') return { path: key, key }
    const { entry, run } = known
    return { path: entry?.path ?? key, key, namespace: entry?.namespace, run }
  }
}

/** The rules that keep this now, as far as can be seen before apply judges. */
export function holdsOf({ state, clock }: Opened, subject: Subject): Hold[] {
  if (state.holds.size === 0) return []
  return [...state.holds.covering(subject, Math.max(clock.now(), state.head.time))]
}
