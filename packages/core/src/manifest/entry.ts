import type { FilePath, StorageKey } from '../paths.ts'

/** A live file, as the manifest lists it. Times are integer milliseconds since 1970 UTC, sizes are bytes. */
export interface Entry {
  readonly path: FilePath
  readonly key: StorageKey
  readonly namespace: string
  readonly size: number
  /** `<algorithm>:<hex>` */
  readonly checksum: string
  /** The store's name for these bytes, where it has one. */
  readonly version?: string
  /** When the store last saw the bytes change. */
  readonly changedAt?: number
  /** Time of the oldest and of the newest row in the file. Retention keeps a file whose maxTime is not known. */
  readonly minTime?: number
  readonly maxTime?: number
  /** Where the times come from; absent beside times that were read from the file's own bytes. */
  readonly timesFrom?: 'caller' | 'path'
  readonly rows?: number
  readonly createdAt: number
  /** The node that wrote it. */
  readonly origin: string
  /** The store that holds the bytes. */
  readonly storeId: string
  /** The state-wide change number that this entry got when it last changed. */
  readonly generation: number
  /** True for a file that was taken over as it was, with what could be seen of it. */
  readonly adopted?: boolean
  readonly metadata?: Readonly<Record<string, string>>
}

/** The fields that a proposer gives; the state machine adds the generation. */
export type NewEntry = Omit<Entry, 'generation'>

/** What an update changes; null removes a field. Path, key, size and checksum belong to the bytes and stay. */
export interface EntryChanges {
  readonly namespace?: string
  readonly version?: string | null
  readonly changedAt?: number | null
  readonly minTime?: number | null
  readonly maxTime?: number | null
  readonly timesFrom?: 'caller' | 'path' | null
  readonly rows?: number | null
  readonly metadata?: Readonly<Record<string, string>> | null
}

/**
 * How a key was condemned; decides what can bring it back. `plain`: undo. `orphan`: undo with an entry. `missing`: undo,
 * once its bytes are there again. `replaced`: undo of the replacement, as a whole.
 */
export const CONDEMNED_AS = ['plain', 'orphan', 'missing', 'replaced'] as const
export type CondemnedAs = (typeof CONDEMNED_AS)[number]

/** A file on its way out that undo and holds can still stop. */
export interface Condemned {
  readonly key: StorageKey
  readonly as: CondemnedAs
  /** What was listed; absent for an orphan, which never was. */
  readonly entry?: Entry
  /** The earliest time at which it may be doomed. */
  readonly notBefore: number
  readonly reason: string
  readonly run?: string
  /** The number of the replacement that condemned it. */
  readonly replacement?: number
  readonly generation: number
}

/** What the manifest knows of a key. `undefined` stands for unknown. */
export type KeyState =
  | { readonly state: 'live'; readonly path: FilePath }
  | ({ readonly state: 'condemned' } & Condemned)
  | {
      readonly state: 'doomed'
      readonly key: StorageKey
      readonly entry?: Entry
      readonly generation: number
    }
  /** A tombstone: the permission was used, the key is retired. */
  | {
      readonly state: 'gone'
      readonly key: StorageKey
      /** How it had been condemned. */
      readonly as: CondemnedAs
      readonly until: number
      readonly generation: number
    }

/** Files and bytes of a namespace; live ones only. */
export interface NamespaceCounters {
  readonly namespace: string
  readonly files: number
  /** Rounded above 2^53, as is `rows`; the manifest itself counts exactly. */
  readonly bytes: number
  readonly rows: number
  /** Files whose maxTime is known. */
  readonly timedFiles: number
  /** No file's maxTime is below this; it may lag behind when the oldest files go. Absent without timed files. */
  readonly oldest?: number
}
