import {
  isHoldfastError,
  type ListField,
  type ListOptions,
  type ListPage,
  type Logger,
  RESERVED_FOLDER,
} from '@holdfast/core'
import { aborted, problem, type Subject, throwIfAborted } from './errors.ts'
import { KeyRange, textOf } from './key-range.ts'
import { keyProblem, LIMITS } from './keys.ts'
import type { WalkedPage } from './page.ts'
import type { LocalStore } from './root.ts'
import { Walk, type WalkRequest, type WalkSkips } from './walk.ts'
import type { WalkThread } from './walk-thread.ts'

const SUBJECT: Subject = { operation: 'list' }
/**
 * Entries that a listing looks at by itself. One that has more begins anew in the thread: small ones, which most are,
 * never wait for it.
 */
const STEPS_WITHOUT_THREAD = 1000

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
  if (!canEnter(store, options)) return
  const judge = new Judge()
  const request = requestOf(store, options, fields)
  let walk: ReturnType<typeof walkedAtOnce> | ReturnType<WalkThread['walk']>
  try {
    walk = walkedAtOnce(request) ?? store.thread.walk(request, signal)
    for (let step = await walk.next(); ; step = await walk.next()) {
      throwIfAborted(signal, SUBJECT)
      // Under a root that is gone every folder is missing: what is there must not look as if it were not.
      store.checkRoot(SUBJECT)
      if (step.done) {
        judge.note(step.value)
        break
      }
      const page = judge.page(step.value)
      if (page.keys.length > 0) yield page
    }
  } catch (error) {
    if (signal?.aborted && !isHoldfastError(error)) throw aborted(signal, SUBJECT)
    store.checkRoot(SUBJECT)
    throw error
  } finally {
    await walk?.return({ skipped: 0 })
  }
  if (judge.skipped > 0)
    log?.warn({ skipped: judge.skipped, example: judge.example }, 'names that cannot be keys are not listed')
}

/** The folder of a prefix is entered without its parents being listed: it may be no key's, or behind a link. */
function canEnter(store: LocalStore, options: ListOptions): boolean {
  const folder = textOf(new KeyRange(options).folder)
  if (folder === '') return true
  const probe = `${folder}-`
  if (keyProblem(probe) !== undefined || probe.startsWith(`${RESERVED_FOLDER}/`)) return false
  try {
    return store.folders.hold(probe, SUBJECT)
  } catch (error) {
    // Behind a link. Anything else, such as a failing disk, must not look like an empty folder.
    if (isHoldfastError(error) && error.kind === 'invalid') return false
    throw error
  }
}

function requestOf(store: LocalStore, options: ListOptions, fields: readonly ListField[]): WalkRequest {
  const { prefix, after, until } = options
  return {
    root: store.root,
    identity: store.identity,
    bounds: {
      ...(prefix !== undefined && { prefix }),
      ...(after !== undefined && { after }),
      ...(until !== undefined && { until }),
    },
    sizes: fields.includes('sizes'),
    changedAt: fields.includes('changedAt'),
    reserved: RESERVED_FOLDER,
    keysOfPage: LIMITS.listPage,
    keyBytes: LIMITS.keyBytes,
  }
}

/** The whole of a small listing; undefined when there is more to look at. */
function walkedAtOnce(request: WalkRequest): Generator<WalkedPage, WalkSkips, undefined> | undefined {
  const walk = new Walk(request)
  const pages: WalkedPage[] = []
  for (const page of walk.pages()) {
    if (walk.steps > STEPS_WITHOUT_THREAD) return undefined
    if (page) pages.push(page)
  }
  return (function* () {
    yield* pages
    return walk
  })()
}

/** Takes the keys of pages, and leaves out what the rules for keys refuse. */
class Judge {
  skipped = 0
  example: string | undefined

  note({ skipped, example }: WalkSkips): void {
    this.skipped += skipped
    this.example ??= example
  }

  page({ keys: lines, odd, sizes, changedAt }: WalkedPage): ListPage {
    const keys = lines.split('\n')
    const isKey = odd ? keys.map((key) => this.#isKey(key)) : undefined
    const kept = <T>(column: readonly T[]) => (isKey ? column.filter((_, i) => isKey[i]) : column)
    return {
      keys: kept(keys),
      ...(sizes && { sizes: kept(Array.from(sizes)) }),
      ...(changedAt && { changedAt: kept(Array.from(changedAt)) }),
    }
  }

  #isKey(key: string): boolean {
    if (keyProblem(key) === undefined) return true
    this.note({ skipped: 1, example: key })
    return false
  }
}
