import {
  type Entry,
  type FileReplaceOptions,
  HoldfastError,
  type NewEntry,
  parsePath,
  type Replaced,
} from '@holdfast/core'
import { holdsOf } from '../holds.ts'
import type { Opened } from '../opened.ts'
import { skipped } from '../state/outcomes.ts'
import { refusal } from './refusals.ts'
import { commitOutputs, parseOutput, type StoreParts, storeOutputs } from './store.ts'
import { abandon } from './unlisted.ts'

const OPERATION = 'files.replace'

/** Pending rows -> bytes of all outputs -> one op that lists them and condemns the inputs, all or nothing. */
export async function replaceFiles(
  opened: Opened,
  parts: StoreParts & { readonly eraseDelay: number },
  listed: (path: string) => Entry,
  { inputs, outputs, delay = parts.eraseDelay, reason = 'replaced', run, signal }: FileReplaceOptions,
): Promise<Replaced> {
  const { state, pending, failpoints } = opened
  const going = inputs.map((input) => {
    const { path, generation } =
      typeof input === 'string' ? { path: input, generation: undefined } : { ...input }
    const entry = listed(parsePath(path))
    const refuse = (why: 'changed' | 'held') =>
      refusal(opened, skipped(why), { operation: OPERATION, path: entry.path, key: entry.key })
    if (generation !== undefined && generation !== entry.generation) throw refuse('changed')
    if (holdsOf(opened, { ...entry, run }).length > 0) throw refuse('held')
    return entry
  })
  const coming = outputs.map(({ path, source, ...facts }) =>
    parseOutput(opened, parts, path, source, { ...facts, delay }),
  )
  checkDistinct(going, coming)
  opened.writable()
  const entries = await storeOutputs(opened, parts, coming, signal ? { signal } : {})
  const keys = entries.map(({ key }) => key)
  const outcome = await commitOutputs(
    opened,
    {
      type: 'replace',
      inputs: going.map(({ key, generation }) => ({ key, generation })),
      outputs: entries,
      delay,
      reason,
      ...(run !== undefined && { run }),
    },
    keys,
  )
  if (outcome?.status === 'skipped') {
    await abandon(opened, keys)
    throw refusal(opened, outcome, {
      operation: OPERATION,
      ...blamed(opened, outcome.reason, going, entries),
    })
  }
  for (const key of keys) pending.forget(key)
  const [first] = entries
  const replacement =
    (outcome?.status === 'done' ? outcome.replacement : undefined) ??
    (first && state.entry(first.path)?.generation) ??
    state.head.generation
  if (failpoints.armed) await failpoints.hit('files.write.listed')
  return { replacement, entries: entries.map((entry) => ({ ...entry, generation: replacement })) }
}

/** The file that is named in the error: apply says what failed, not for which of them. */
function blamed(
  opened: Opened,
  reason: string,
  going: readonly Entry[],
  coming: readonly NewEntry[],
): Pick<NewEntry, 'path' | 'key'> {
  const { state } = opened
  const input = going.find((entry) =>
    reason === 'held'
      ? holdsOf(opened, entry).length > 0
      : state.entry(entry.path)?.generation !== entry.generation,
  )
  const output = coming.find(({ path, key }) =>
    reason === 'exists' ? state.entry(path) : state.conflict(path, key) !== undefined,
  )
  const isInput = reason === 'held' || reason === 'changed'
  return (isInput ? input : output) ?? (coming[0] as NewEntry)
}

/** @throws HF_OPTION_INVALID */
function checkDistinct(going: readonly { path: string }[], coming: readonly { path: string }[]): void {
  const problems: string[] = []
  for (const [what, files] of [
    ['input', going],
    ['output', coming],
  ] as const) {
    if (files.length === 0) problems.push(`it needs an ${what}`)
    if (new Set(files.map(({ path }) => path)).size < files.length) problems.push(`an ${what} is named twice`)
  }
  if (problems.length > 0)
    throw new HoldfastError('HF_OPTION_INVALID', `files cannot be replaced so: ${problems.join('; ')}`, {
      operation: OPERATION,
      context: { problems },
    })
}
