import type { HoldfastNode } from '@holdfast/core'

/** What the workload does to which files. */

const NAMESPACES = ['logs/app', 'logs/web', 'sales']
const HOURS = 10

const pathOf = (namespace: string, hour: number) =>
  `${namespace}/2026/01/01/${String(hour).padStart(2, '0')}/part.txt`

const hourOf = (path: string) => Number(/\/(\d\d)\/part\.txt$/.exec(path)?.[1])

export const FILES = NAMESPACES.flatMap((namespace) =>
  Array.from({ length: HOURS }, (_, hour) => pathOf(namespace, hour)),
)

/** Deleted without delay: the bytes go at once. */
export const NOW = [pathOf('sales', 5), pathOf('sales', 6), pathOf('logs/web', 7), pathOf('logs/app', 8)]

/** Deleted with a delay that does not end before the test does. */
export const LATER = [pathOf('sales', 7), pathOf('sales', 8), pathOf('logs/web', 8), pathOf('logs/app', 9)]

export const UNDONE = pathOf('sales', 8)

/** Written anew after they were deleted: one whose bytes go, and one whose old bytes stay. */
export const AGAIN = [pathOf('sales', 5), pathOf('logs/web', 7), pathOf('logs/web', 8)]

/** Written over while they are there: one whose old bytes go at once, and one whose old bytes stay. */
export const OVERWRITTEN = [pathOf('sales', 9), pathOf('logs/web', 9)]

/** Two files that become one, which has the path of the first. */
export const COMPACTED = [pathOf('logs/app', 5), pathOf('logs/app', 6)] as const

/** What the runs of expiry are asked for, and what goes by them. */
export const EXPIRY = [Date.UTC(2026, 0, 1, 2), Date.UTC(2026, 0, 1, 4)]

export const EXPIRED = expiredBefore(Math.max(...EXPIRY))

function expiredBefore(time: number): string[] {
  return FILES.filter((path) => Date.UTC(2026, 0, 1, hourOf(path) + 1) <= time)
}

export function contentOf(path: string, version: number): string {
  return `${path} ${version}\n`.repeat(version + hourOf(path) ** 4)
}

/** What a life of the node finds at its start: sizes of the listed files, by path. */
export interface Found {
  readonly listed: Readonly<Record<string, number>>
  readonly condemned: readonly string[]
}

export async function foundLine({ files }: HoldfastNode): Promise<string> {
  const listed: Record<string, number> = {}
  for await (const { path, size } of files.list()) listed[path] = size
  const condemned: string[] = []
  for await (const { entry } of files.condemned()) if (entry) condemned.push(entry.path)
  return `found ${JSON.stringify({ listed, condemned } satisfies Found)}`
}

export function foundIn(stdout: string): Found {
  const line = stdout.split('\n').find((text) => text.startsWith('found '))
  if (line === undefined) throw new Error(`the program did not say what it found:\n${stdout}`)
  return JSON.parse(line.slice('found '.length)) as Found
}

/** What is known of a path after a life: the version that is listed, not listed, or either while a call was under way. */
type Known = { readonly version: number } | 'not listed' | 'under way'

/** What must be found after a life that said this: all that was acknowledged, and nothing else about it. */
export function acknowledged(stdout: string): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>()
  for (const line of stdout.split('\n')) {
    const [step, act, target = '', version] = line.split(' ')
    if (step !== 'begin' && step !== 'done') continue
    const listed = { write: Number(version), overwrite: Number(version), undo: 1 }[act ?? '']
    const result: Known = listed === undefined ? 'not listed' : { version: listed }
    const results =
      act === 'compact'
        ? new Map<string, Known>([
            [COMPACTED[0], { version: Number(version) }],
            [COMPACTED[1], 'not listed'],
          ])
        : new Map((act === 'expire' ? expiredBefore(Number(target)) : [target]).map((path) => [path, result]))
    for (const [path, then] of results) known.set(path, step === 'begin' ? 'under way' : then)
  }
  return known
}
