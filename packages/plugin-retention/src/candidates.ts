import type { Entry, Manifest, NamespaceCounters, PlanItem } from '@holdfast/core'
import { type Judgement, type Jury, type NamespaceJury, pages } from './judge.ts'

/** What a walk tells on its way. */
export interface Told {
  readonly signal?: AbortSignal | undefined
  /** Counts files that stay though they are old, by why. */
  keep?(why: string, files?: number): void
  /** A namespace that is looked at, with its live files. */
  population?(namespace: string, files: number): void
}

export interface Due {
  readonly entry: Entry
  readonly judgement: Judgement
}

/**
 * Every file that is due, namespace by namespace, oldest first, page by page. The age index is read up to the latest
 * cut-off, or until the namespace is small enough, so the cost grows with what has expired, not with what is kept.
 */
export async function* dueFiles(
  jury: Jury,
  manifest: Manifest,
  { signal, keep, population }: Told,
): AsyncGenerator<readonly Due[]> {
  for (const namespaces of pages((after) => manifest.namespaces(after))) {
    for (const counters of namespaces) {
      const { namespace, files, timedFiles, oldest = Number.POSITIVE_INFINITY } = counters
      const members = jury.of(counters, manifest)
      if (!members) continue
      if (files > timedFiles) keep?.('no known maxTime', files - timedFiles)
      if (oldest >= members.before && !(members.isOver && timedFiles > 0)) continue
      population?.(namespace, files)
      for (const page of byAge(members, counters, manifest)) {
        const due = page.flatMap((entry): Due[] => {
          const judgement = members.judge(entry)
          if (!judgement.due) {
            const why = whyKept(judgement)
            if (why !== undefined) keep?.(why)
            return []
          }
          members.taken(entry)
          return [{ entry, judgement }]
        })
        if (due.length > 0) yield due
        await breathe(signal)
      }
    }
    await breathe(signal)
  }
}

/** The files of a namespace that can be due, oldest first. Goes on as long as the namespace is too large. */
export function* byAge(
  members: NamespaceJury,
  { namespace }: NamespaceCounters,
  manifest: Manifest,
): Generator<readonly Entry[]> {
  for (let after: string | undefined; ; ) {
    const before = members.isOver ? Number.MAX_SAFE_INTEGER : members.before
    const { items, next } = manifest.entriesByAge({
      namespace,
      before,
      ...(after !== undefined && { after }),
    })
    yield items
    if (next === undefined) return
    after = next
  }
}

export function itemOf({ entry, judgement }: Due): PlanItem {
  const { path, key, generation, namespace, size, rows } = entry
  const reason = `retention:${judgement.opinions.map(({ policy }) => policy.id).join('+')}`
  return { path, key, generation, namespace, size, ...(rows !== undefined && { rows }), reason }
}

/** Why a file stays that is old enough for every policy; undefined for one that is not. */
export function whyKept({ opinions, holds }: Judgement): string | undefined {
  if (holds.length > 0) return 'held'
  if (opinions.length === 0) return undefined
  const kept = opinions.filter(({ takes }) => !takes).map(({ because }) => because)
  if (kept.includes('not old enough') || kept.includes('no known maxTime')) return undefined
  return kept[0]
}

/** A pass over millions must not hold up the rest of the process. */
export async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  signal?.throwIfAborted()
}
