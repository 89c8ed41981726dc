import type { Entry, Hold } from '@holdfast/core'
import type { ModelLimits } from './commands.ts'

/** A policy as the model knows it: days, bytes, files. `match` is `**` or `<folder>/**`. */
export interface ModelPolicy {
  readonly id: string
  readonly match: string
  readonly maxAge?: number
  readonly maxBytes?: number
  readonly minAge: number
  readonly keepNewest: number
  readonly overrides: readonly string[]
}

export interface World {
  readonly files: readonly Entry[]
  readonly policies: readonly ModelPolicy[]
  readonly holds: readonly Hold[]
  readonly now: number
}

const DAY = 86_400_000
/** Fewer files of a namespace than this are no matter of `share`. */
export const SHARE_FROM = 2

/**
 * Judges every file from the words of the guide alone, without an index and without an order of its own: the slow and
 * plain way, to compare the fast one with.
 */
export function whyKept(file: Entry, { files, policies, holds, now }: World): string | undefined {
  if (holds.some((hold) => isHeld(file, hold, now))) return 'held'
  const concerned = policies.filter(({ match }) => matches(match, file.path))
  const asked = concerned.filter((policy) => hasSay(policy, concerned))
  if (asked.length === 0) return 'no policy'
  for (const { match, maxAge, maxBytes, minAge, keepNewest, id } of asked) {
    const { maxTime } = file
    if (maxTime === undefined) return `${id}: no time`
    const sameNamespace = files.filter(({ namespace }) => namespace === file.namespace)
    const bytes = sameNamespace.reduce((sum, { size }) => sum + size, 0)
    const isOld = maxAge !== undefined && maxTime + maxAge * DAY < now
    const isOver = maxBytes !== undefined && bytes > maxBytes
    if (!isOld && !isOver) return `${id}: neither old nor over`
    if (file.createdAt + minAge * DAY > now) return `${id}: younger than minAge`
    const newer = sameNamespace.filter(
      (other) => other.maxTime !== undefined && matches(match, other.path) && isNewer(other, file),
    )
    if (newer.length < keepNewest) return `${id}: among the newest`
  }
  return undefined
}

/** Every file that is due, each judged as if the older ones of its namespace that are due had gone. */
export function dueOf(world: World): Entry[] {
  const due: Entry[] = []
  let files = world.files
  const oldestFirst = [...world.files].sort((a, b) => (isNewer(a, b) ? 1 : -1))
  for (const file of oldestFirst) {
    if (file.maxTime === undefined || whyKept(file, { ...world, files }) !== undefined) continue
    due.push(file)
    files = files.filter((other) => other !== file)
  }
  return due
}

/** The limits that a plan of these files is over. */
export function overOf(due: readonly Entry[], world: World, limits: ModelLimits): string[] {
  const { files, bytes, share, emptiness } = limits
  const over = new Set<string>()
  if (files !== undefined && due.length > files) over.add('files')
  if (bytes !== undefined && due.reduce((sum, { size }) => sum + size, 0) > bytes) over.add('bytes')
  for (const { namespace } of due) {
    const taken = due.filter((file) => file.namespace === namespace).length
    const all = world.files.filter((file) => file.namespace === namespace).length
    if (share !== undefined && taken >= SHARE_FROM && taken > Math.floor(share * all)) over.add('share')
    if (emptiness === 'refuse' && taken === all) over.add('emptiness')
  }
  return [...over].sort()
}

function hasSay(policy: ModelPolicy, concerned: readonly ModelPolicy[]): boolean {
  return !concerned.some((other) => other.overrides.includes(policy.id) && hasSay(other, concerned))
}

function matches(match: string, path: string): boolean {
  return match === '**' || path.startsWith(match.slice(0, -2))
}

function isNewer(a: Entry, b: Entry): boolean {
  return a.maxTime! > b.maxTime! || (a.maxTime === b.maxTime && a.path > b.path)
}

function isHeld({ path, namespace }: Entry, { scope, expiresAt }: Hold, now: number): boolean {
  if (expiresAt !== undefined && expiresAt <= now) return false
  if ('path' in scope) return scope.path === path
  if ('folder' in scope) return path.startsWith(`${scope.folder}/`)
  return 'namespace' in scope && scope.namespace === namespace
}
