import type { Position } from '@holdfast/core'
import type { Life } from '../data-dir/lives.ts'

/** What became of reading something. `damaged`: it is not what was written; `unreadable`: the system would not give it. */
export type Recorded<T> =
  | { readonly state: 'absent' }
  | { readonly state: 'read'; readonly value: T }
  | { readonly state: 'damaged'; readonly problem: string }
  | { readonly state: 'newer'; readonly format: number }
  | { readonly state: 'unreadable'; readonly problem: string }

/** The process that a lock names. */
export interface DataDirOwner {
  /** 0 when the lock says nothing that can be read. */
  readonly pid: number
  readonly host: string
  /** False when it is known to be gone; of a process on another host nothing is known. */
  readonly alive: boolean
}

/** How the last process left the data folder. */
export interface DataDirEnd {
  /** `unknown`: a start looks at every row first. `damaged`: a start is refused. */
  readonly how: 'stopped' | 'not stopped' | 'unknown' | 'damaged'
  readonly why?: string
}

/** What the manifest's own rows say. Times in ms since 1970 UTC. */
export interface ManifestFacts {
  /** Format of the store; an older one is upgraded by the next start. */
  readonly format: number
  readonly position: Position
  /** Time of the newest record; 0 when there is none. */
  readonly time: number
  /** The store whose bytes it lists; absent before its first start has ended. */
  readonly storeId?: string
  /** Why nothing may be destroyed until somebody acknowledges this manifest. */
  readonly behind?: string
}

/** Rows that are judged with the records of the store. */
export interface OwnRows {
  /** Whether the store has carried the manifest's identity. */
  readonly settled: boolean
  readonly logId?: string
  readonly lives: readonly Life[]
  /** Follows a log that nodes share. */
  readonly shared: boolean
}

/** One thing that the child has read, as it says it. */
export type Section =
  | { readonly lock: Recorded<DataDirOwner> }
  | { readonly node: Recorded<{ readonly nodeId: string }> }
  | { readonly end: Recorded<DataDirEnd> }
  | { readonly manifest: Recorded<ManifestFacts>; readonly own?: OwnRows }
