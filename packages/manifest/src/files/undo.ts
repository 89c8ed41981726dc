import {
  type CallOptions,
  type Condemned,
  type Entry,
  type FileDeleteOptions,
  HoldfastError,
  hasCode,
  isHoldfastError,
  MAX_BATCH_OPS,
  type Replaced,
  type Storage,
  type StorageKey,
  type Undone,
} from '@holdfast/core'
import type { Opened } from '../opened.ts'
import { skipped } from '../state/outcomes.ts'
import { condemned } from '../state/scans.ts'
import { refusal } from './refusals.ts'

const OPERATION = 'files.undo'
/** Looks at the store that are under way together. */
const LANES = 8
const MOST_SAMPLES = 10

/** Lists one condemned file again, when its bytes are there. */
export async function undoKey(
  opened: Opened,
  storage: Storage,
  key: StorageKey,
  options: CallOptions,
): Promise<Entry> {
  const { committer, state } = opened
  const known = state.key(key)
  if (known?.state === 'live') {
    const listed = state.entry(known.path)
    if (listed) return listed
  }
  const entry = known?.state === 'condemned' ? known.entry : undefined
  if (!entry)
    throw refusal(opened, skipped(known?.state === 'doomed' ? 'doomed' : 'absent'), {
      operation: OPERATION,
      path: key as string as Entry['path'],
      key,
    })
  const { path } = entry
  if (known?.state === 'condemned' && known.replacement !== undefined)
    throw refusal(opened, skipped('replaced'), { operation: OPERATION, path, key })
  await checkBytes(opened, storage, [entry], options)
  const { outcomes } = await committer.commit({ ops: [{ type: 'undo', key }] }, options)
  if (outcomes[0]?.status === 'skipped')
    throw refusal(opened, outcomes[0], { operation: OPERATION, path, key })
  return state.entry(path) ?? entry
}

/** Takes a replacement back as a whole. */
export async function undoReplacement(
  opened: Opened,
  storage: Storage,
  replacement: number,
  { delay, signal }: FileDeleteOptions & { readonly delay: number },
): Promise<Replaced> {
  const { committer, state } = opened
  const options = signal ? { signal } : {}
  const known = state.replacements.get(replacement)
  if (!known?.whole)
    throw new HoldfastError(
      known ? 'HF_DOOMED' : 'HF_FILE_NOT_FOUND',
      known
        ? `files that replacement ${replacement} condemned are being erased: it cannot be undone any more`
        : `there is no replacement ${replacement} that could be undone`,
      { operation: OPERATION, context: { replacement } },
    )
  const entries = known.whole.inputs.flatMap((key) => {
    const row = state.key(key)
    return row?.state === 'condemned' && row.entry ? [row.entry] : []
  })
  await checkBytes(opened, storage, entries, options)
  const op = { type: 'undo', replacement, delay, reason: 'undone' } as const
  const { outcomes } = await committer.commit({ ops: [op] }, options)
  const [outcome] = outcomes
  if (outcome?.status === 'skipped')
    throw refusal(opened, outcome, { operation: OPERATION, ...blamed(opened, known.whole.outputs, entries) })
  const number = (outcome?.status === 'done' ? outcome.replacement : undefined) ?? state.head.generation
  return { replacement: number, entries: entries.map((entry) => ({ ...entry, generation: number })) }
}

/** What is named in the error: an input whose place is taken, an output that was changed or replaced, else an input. */
function blamed(
  { state }: Opened,
  outputs: readonly StorageKey[],
  entries: readonly Entry[],
): Pick<Entry, 'path' | 'key'> {
  for (const key of outputs) {
    const row = state.key(key)
    if (row && 'entry' in row && row.entry && row.replacement !== undefined)
      return { path: row.entry.path, key }
  }
  const [first] = entries
  const inTheWay = entries.find(({ path }) => {
    const there = state.entry(path)
    return there ? !outputs.includes(there.key) : state.pathConflict(path) !== undefined
  })
  return (inTheWay ?? first) as Entry
}

/** Brings back what a run condemned, replacements as a whole. What cannot come back is counted and does not stop the rest. */
export async function undoRun(
  opened: Opened,
  storage: Storage,
  run: string,
  options: FileDeleteOptions & { readonly delay: number },
): Promise<Undone> {
  const { committer } = opened
  let files = 0
  const skips: Record<string, number> = {}
  const samples: Undone['samples'][number][] = []
  const skip = (entry: Entry, error: HoldfastError) => {
    skips[error.code] = (skips[error.code] ?? 0) + 1
    if (samples.length < MOST_SAMPLES) samples.push({ key: entry.key, path: entry.path, code: error.code })
  }
  const replacements = new Set<number>()
  const undo = async (rows: readonly Condemned[]) => {
    const entries = rows.flatMap(({ entry }) => (entry ? [entry] : []))
    const there = await withBytes(opened, storage, entries, options, skip)
    if (there.length === 0) return
    const ops = there.map(({ key }) => ({ type: 'undo', key }) as const)
    const { outcomes } = await committer.commit({ ops }, options.signal ? { signal: options.signal } : {})
    for (const [index, entry] of there.entries()) {
      const outcome = outcomes[index]
      if (outcome?.status === 'skipped')
        skip(entry, refusal(opened, outcome, { operation: OPERATION, ...entry }))
      else files++
    }
  }
  for (const rows of pagesOf(opened, run)) {
    options.signal?.throwIfAborted()
    for (const { replacement } of rows) if (replacement !== undefined) replacements.add(replacement)
    await undo(rows.filter(({ replacement }) => replacement === undefined))
  }
  for (const replacement of replacements)
    try {
      files += (await undoReplacement(opened, storage, replacement, options)).entries.length
    } catch (error) {
      if (!isHoldfastError(error) || hasCode(error, 'HF_STOPPED')) throw error
      const { whole } = opened.state.replacements.get(replacement) ?? {}
      for (const key of whole?.inputs ?? []) {
        const row = opened.state.key(key)
        if (row?.state === 'condemned' && row.entry) skip(row.entry, error)
      }
    }
  return { files, skipped: skips, samples }
}

/** What a run condemned, in pages of at most one batch; of several keys of one path the newest alone. */
function* pagesOf({ state }: Opened, run: string): Generator<Condemned[]> {
  let rows: Condemned[] = []
  for (let after: string | undefined, more = true; more; ) {
    const page = condemned(state, { limit: MAX_BATCH_OPS, ...(after !== undefined && { after }) })
    for (const row of page.items) {
      if (row.run !== run || !row.entry) continue
      // Rows of one path lie together, the newest last.
      const last = rows.at(-1)
      const older = last?.entry?.path === row.entry.path && last.replacement === undefined
      if (older && row.replacement === undefined) rows.pop()
      else if (rows.length === MAX_BATCH_OPS) {
        yield rows
        rows = []
      }
      rows.push(row)
    }
    after = page.next
    more = after !== undefined
  }
  if (rows.length > 0) yield rows
}

/** @throws HF_BYTES_MISSING */
async function checkBytes(
  opened: Opened,
  storage: Storage,
  entries: readonly Entry[],
  { signal }: CallOptions,
): Promise<void> {
  await withBytes(opened, storage, entries, signal ? { signal } : {}, (_entry, error) => {
    throw error
  })
}

/** Those whose bytes are in the store; a file without them must not be listed. */
async function withBytes(
  opened: Opened,
  storage: Storage,
  entries: readonly Entry[],
  { signal }: CallOptions,
  missing: (entry: Entry, error: HoldfastError) => void,
): Promise<Entry[]> {
  const there = new Set<Entry>()
  const waiting = entries.values()
  const lane = async () => {
    for (const entry of waiting) {
      signal?.throwIfAborted()
      const { path, key } = entry
      if (await storage.stat(key, signal ? { signal } : {})) there.add(entry)
      else missing(entry, whyMissing(opened, path, key))
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return entries.filter((entry) => there.has(entry))
}

/** Bytes that are gone are an incident, unless the key has been doomed while we looked. */
function whyMissing(opened: Opened, path: Entry['path'], key: StorageKey): HoldfastError {
  const state = opened.state.key(key)?.state
  if (state === 'doomed' || state === 'gone')
    return refusal(opened, skipped(state === 'doomed' ? 'doomed' : 'absent'), {
      operation: OPERATION,
      path,
      key,
    })
  return new HoldfastError('HF_BYTES_MISSING', `the bytes of ${path} are not in the store`, {
    operation: OPERATION,
    context: { path, key },
  })
}
