import type { CallOptions, Files, Manifest, StorageKey, Undone } from '@holdfast/core'
import { parsePath } from '@holdfast/core'
import { breathe } from './candidates.ts'
import { pages } from './judge.ts'

/** What came back, and what had taken it. */
export interface Returned extends Undone {
  /** Files that came back, by the reason in the op that had taken them: `retention:raw+short`, or a user's. */
  readonly reasons: Readonly<Record<string, number>>
  /**
   * The policies among the reasons. Undo does not protect: their next run takes the files again, unless a hold or another
   * policy keeps them.
   */
  readonly policies: readonly string[]
}

type Services = { readonly files: Files; readonly manifest: Manifest }

/** Brings back the newest condemned file of a path. */
export async function undoPath(given: string, services: Services, options: CallOptions): Promise<Returned> {
  const { files, manifest } = services
  const path = parsePath(given)
  const reasons = new Map<StorageKey, string>()
  // Rows of one path lie together, before those of longer ones.
  for (const rows of pages((after) => manifest.condemned({ prefix: path, ...after }))) {
    for (const { key, entry, reason } of rows) if (entry?.path === path) reasons.set(key, reason)
    if (rows.some(({ entry, key }) => (entry?.path ?? key) !== path)) break
  }
  const { key } = await files.undo(path, options)
  const reason = reasons.get(key)
  return returned({ files: 1, skipped: {}, samples: [] }, new Map(reason === undefined ? [] : [[reason, 1]]))
}

/** Brings back what a run condemned. */
export async function undoRun(run: string, services: Services, options: CallOptions): Promise<Returned> {
  const before = await reasonsOf(run, services, options)
  const undone = await services.files.undo({ run }, options)
  for (const [reason, left] of await reasonsOf(run, services, options))
    before.set(reason, (before.get(reason) ?? 0) - left)
  return returned(undone, before)
}

/** Counts what a run has condemned, by reason: a few numbers, however many files. */
async function reasonsOf(
  run: string,
  { manifest }: Services,
  { signal }: CallOptions,
): Promise<Map<string, number>> {
  const reasons = new Map<string, number>()
  for (const rows of pages((after) => manifest.condemned(after))) {
    for (const row of rows)
      if (row.run === run && row.entry) reasons.set(row.reason, (reasons.get(row.reason) ?? 0) + 1)
    await breathe(signal)
  }
  return reasons
}

function returned(undone: Undone, counts: ReadonlyMap<string, number>): Returned {
  const reasons = [...counts].filter(([, files]) => files > 0)
  const policies = reasons.flatMap(([reason]) =>
    reason.startsWith('retention:') ? reason.slice('retention:'.length).split('+') : [],
  )
  return { ...undone, reasons: Object.fromEntries(reasons), policies: [...new Set(policies)].sort() }
}
