import type {
  ByteSource,
  Entry,
  FilePath,
  FileWriteOptions,
  NewEntry,
  Op,
  OpOutcome,
  StorageKey,
} from '@holdfast/core'
import { holdsOf } from '../holds.ts'
import type { Opened } from '../opened.ts'
import { skipped } from '../state/outcomes.ts'
import { refusal } from './refusals.ts'
import { commitOutputs, parseOutput, type StoreParts, storeOutputs, unusable } from './store.ts'
import { abandon } from './unlisted.ts'

const OPERATION = 'files.write'
/** How often a writer that was overtaken tries to be the last one. */
const RETRIES = 3

type Conditions = Pick<FileWriteOptions, 'ifAbsent' | 'ifGeneration'>

/**
 * pending row -> bytes under a key of their own -> register, or replace what has the path. Nothing is listed before its
 * bytes are durable.
 */
export async function writeFile(
  opened: Opened,
  parts: StoreParts & { readonly eraseDelay: number },
  path: string,
  source: ByteSource | string,
  options: FileWriteOptions,
): Promise<Entry> {
  const { delay = parts.eraseDelay, signal } = options
  const output = parseOutput(opened, parts, path, source, options)
  if (options.ifAbsent && options.ifGeneration !== undefined)
    throw unusable(output.path, ['ifAbsent and ifGeneration exclude one another'])
  opened.writable()
  checkTarget(opened, output.path, output.key, options)
  const [entry] = await storeOutputs(opened, parts, [output], signal ? { signal } : {})
  const listed = await list(opened, entry as NewEntry, delay, options)
  const { failpoints } = opened
  if (failpoints.armed) await failpoints.hit('files.write.listed')
  return listed
}

/** What can be seen to fail is refused before a byte is written; apply judges again. */
function checkTarget(opened: Opened, path: FilePath, key: StorageKey, conditions: Conditions): void {
  const { state } = opened
  const refuse = (reason: Parameters<typeof skipped>[0], of?: StorageKey) =>
    refusal(opened, skipped(reason), { operation: OPERATION, path, key: of })
  const current = state.entry(path)
  if (current && conditions.ifAbsent) throw refuse('exists')
  const { ifGeneration } = conditions
  if (ifGeneration !== undefined && current?.generation !== ifGeneration) throw refuse('changed')
  if (current && holdsOf(opened, current).length > 0) throw refuse('held', current.key)
  if (state.conflict(path, key) !== undefined) throw refuse('conflict', key)
}

/** Lists what was stored. The last writer wins, unless the caller has set a condition. */
async function list(opened: Opened, entry: NewEntry, delay: number, conditions: Conditions): Promise<Entry> {
  const { state, pending } = opened
  const { path, key } = entry
  for (let tries = 0; ; tries++) {
    const input = state.entry(path)
    const outcome = await commitOutputs(opened, listing(entry, input, delay, conditions), [key])
    if (outcome?.status !== 'skipped') {
      pending.forget(key)
      const listed = state.entry(path)
      return listed?.key === key ? listed : { ...entry, generation: generationOf(outcome, state.head) }
    }
    if (tries < RETRIES && isOvertaken(outcome, conditions)) continue
    await abandon(opened, [key])
    const of = outcome.reason === 'held' ? input?.key : key
    throw refusal(opened, outcome, { operation: OPERATION, path, key: of })
  }
}

function listing(
  entry: NewEntry,
  input: Entry | undefined,
  delay: number,
  { ifAbsent, ifGeneration }: Conditions,
): Op {
  if (!input || ifAbsent) return { type: 'register', entry }
  const inputs = [{ key: input.key, generation: ifGeneration ?? input.generation }]
  return { type: 'replace', inputs, outputs: [entry], delay, reason: 'overwritten' }
}

function isOvertaken(outcome: OpOutcome & { status: 'skipped' }, conditions: Conditions): boolean {
  if (conditions.ifAbsent || conditions.ifGeneration !== undefined) return false
  return outcome.reason === 'changed' || outcome.reason === 'exists'
}

/** Of a file that somebody else has replaced again in the meantime. */
function generationOf(outcome: OpOutcome | undefined, head: { readonly generation: number }): number {
  return (outcome?.status === 'done' ? outcome.replacement : undefined) ?? head.generation
}
