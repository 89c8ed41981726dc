import type { FilePath, StorageKey } from './paths.ts'

/** What a layout reads from a path. Times are integer milliseconds since 1970 UTC, both inclusive. */
export interface LayoutFacts {
  readonly namespace: string
  readonly from: number
  readonly to: number
}

/** How a node's paths carry namespace and time. Pure, one per node; read by proposers, never by apply. */
export interface Layout {
  /** Namespace and time range of a managed path; undefined when the path is not of this layout. */
  parse(path: FilePath): LayoutFacts | undefined
  /** Whether jobs that look at storage may treat this key as one of ours. */
  managed(key: StorageKey): boolean
}

const HOUR = 3_600_000
const HOURLY = /^(?<namespace>.+)\/(?<year>\d{4})\/(?<month>\d{2})\/(?<day>\d{2})\/(?<hour>\d{2})\/[^/]+$/

/** The default: `<namespace>/yyyy/mm/dd/hh/<file>`, the hour in UTC. */
export const hourlyLayout: Layout = {
  parse(path) {
    const parts = HOURLY.exec(path)?.groups
    if (!parts) return undefined
    const [year, month, day, hour] = [parts.year, parts.month, parts.day, parts.hour].map(Number) as [
      number,
      number,
      number,
      number,
    ]
    const from = Date.UTC(year, month - 1, day, hour)
    const date = new Date(from)
    // Date.UTC rolls 02/30 over to March and reads years below 100 as 19xx; such a path is not of this layout.
    if (
      hour > 23 ||
      date.getUTCFullYear() !== year ||
      date.getUTCMonth() !== month - 1 ||
      date.getUTCDate() !== day
    )
      return undefined
    return { namespace: parts.namespace as string, from, to: from + HOUR - 1 }
  },
  managed(key) {
    const name = key.slice(key.lastIndexOf('/') + 1)
    return !name.startsWith('.') && hourlyLayout.parse(key as string as FilePath) !== undefined
  },
}

/** The namespace of a path that no layout knows: its folder, or `.` for a file at the root. */
export function folderNamespace(path: FilePath): string {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? '.' : path.slice(0, slash)
}
