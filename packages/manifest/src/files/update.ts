import type { Entry, EntryChanges, FileChanges, FileUpdateOptions } from '@holdfast/core'
import { entryProblems } from '../commit/validate-entry.ts'
import type { Opened } from '../opened.ts'
import { skipped } from '../state/outcomes.ts'
import { changed } from '../state/register.ts'
import { refusal } from './refusals.ts'
import { unusable } from './store.ts'

const FIELDS: readonly string[] = [
  'namespace',
  'minTime',
  'maxTime',
  'rows',
  'metadata',
] satisfies (keyof FileChanges)[]

/** Changes what is known of a file, on the generation that is seen now or that the caller has seen. */
export async function updateFile(
  opened: Opened,
  entry: Entry,
  given: FileChanges,
  { ifGeneration, signal }: FileUpdateOptions,
): Promise<Entry> {
  const { committer, state } = opened
  const { path, key, generation } = entry
  const subject = { operation: 'files.update', path, key }
  if (ifGeneration !== undefined && ifGeneration !== generation)
    throw refusal(opened, skipped('changed'), subject)
  const changes = withOrigin(entry, given)
  const after = changed(entry, changes)
  const unknown = Object.keys(given).filter((field) => !FIELDS.includes(field))
  const problems = [...entryProblems(after), ...unknown.map((field) => `its ${field} cannot be changed`)]
  if (problems.length > 0) throw unusable(path, problems)
  if (Object.keys(changes).length === 0) return entry
  const op = { type: 'update', key, generation, changes } as const
  const { outcomes } = await committer.commit({ ops: [op] }, signal ? { signal } : {})
  if (outcomes[0]?.status === 'skipped') throw refusal(opened, outcomes[0], subject)
  const listed = state.entry(path)
  return listed?.key === key ? listed : after
}

/** Times that somebody sets are the caller's, whoever gave them before. */
function withOrigin(entry: Entry, given: FileChanges): EntryChanges {
  const fields = Object.entries(given).filter(([, value]) => value !== undefined)
  const changes: EntryChanges = Object.fromEntries(fields)
  if (changes.minTime === undefined && changes.maxTime === undefined) return changes
  const { minTime, maxTime } = changed(entry, changes)
  return { ...changes, timesFrom: minTime === undefined && maxTime === undefined ? null : 'caller' }
}
