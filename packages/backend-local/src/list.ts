import { setImmediate } from 'node:timers/promises'
import type { ListField, ListOptions, ListPage, Logger } from '@holdfast/core'
import { problem, type Subject, throwIfAborted } from './errors.ts'
import { KeyRange } from './key-range.ts'
import { LIMITS } from './keys.ts'
import type { LocalStore } from './root.ts'
import { changedAt, lookAt } from './stat.ts'
import { Walk } from './walk.ts'

const SUBJECT: Subject = { operation: 'list' }
/** Steps of the walk, which is synchronous, before everybody else gets a turn. */
const STEPS_PER_TURN = 500

/** Pages of the keys of a range, in byte order. Names that cannot be keys are left out and counted in the log. */
export async function* list(
  store: LocalStore,
  options: ListOptions,
  log: Logger | undefined,
): AsyncGenerator<ListPage, void, undefined> {
  const { signal, fields = [] } = options
  throwIfAborted(signal, SUBJECT)
  if (fields.includes('versions'))
    throw problem('unsupported', 'a local disk keeps no versions: they cannot be listed', SUBJECT)
  store.checkRoot(SUBJECT)
  const walk = new Walk(store, new KeyRange(options))
  let page = new PageColumns(store, fields)
  let steps = 0
  for (const key of walk.keys()) {
    if (key !== undefined) page.add(key)
    if (page.keys.length === LIMITS.listPage) {
      yield page.columns()
      page = new PageColumns(store, fields)
      throwIfAborted(signal, SUBJECT)
    }
    if (++steps % STEPS_PER_TURN === 0) {
      await setImmediate()
      throwIfAborted(signal, SUBJECT)
    }
  }
  if (page.keys.length > 0) yield page.columns()
  if (walk.skipped > 0)
    log?.warn({ skipped: walk.skipped, example: walk.example }, 'names that cannot be keys are not listed')
}

/** A page in the making. */
class PageColumns {
  readonly keys: string[] = []
  readonly #sizes: number[] | undefined
  readonly #changedAt: number[] | undefined
  readonly #store: LocalStore

  constructor(store: LocalStore, fields: readonly ListField[]) {
    this.#store = store
    this.#sizes = fields.includes('sizes') ? [] : undefined
    this.#changedAt = fields.includes('changedAt') ? [] : undefined
  }

  /** Leaves out a key that was deleted since its folder was read, where that is noticed. */
  add(key: string): void {
    if (this.#sizes || this.#changedAt) {
      const stats = lookAt(this.#store.path(key))
      if (!stats?.isFile()) return
      this.#sizes?.push(stats.size)
      this.#changedAt?.push(changedAt(stats))
    }
    this.keys.push(key)
  }

  columns(): ListPage {
    return {
      keys: this.keys,
      ...(this.#sizes && { sizes: this.#sizes }),
      ...(this.#changedAt && { changedAt: this.#changedAt }),
    }
  }
}
