import type { Roles } from '../gate/roles.ts'
import type { BatchSource } from '../hooks/consumers.ts'
import type { Journal } from '../jobs/journal.ts'
import type { Eraser } from '../manifest/eraser.ts'
import type { Files } from '../manifest/files.ts'
import type { Log } from '../manifest/log.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { Backend } from '../storage/backend.ts'
import type { Storage } from '../storage/storage.ts'
import type { Service } from './service.ts'

/**
 * The services of a node by name: what plugins need and get. A package adds its own:
 * `declare module '@holdfast/core' { interface Services { 'acme-index': AcmeIndex } }`.
 */
export interface Services {
  backend: Storage
  manifest: Manifest
  files: Files
  eraser: Eraser
  journal: Journal
  /** The log that this node shares with others. A node without one has a log of its own, inside its manifest. */
  log: Log
  /** Who may act, on nodes whose actions are bound to roles. */
  roles: Roles
  /** What the kernel delivers `onManifestBatch` and `onFileDeleted` from. Plugins tap the hooks instead of needing it. */
  batches: BatchSource
}
export type ServiceName = keyof Services & string

/** What a plugin hands over under a name. For `backend` it is the whole backend; others get it without `delete`. */
export type Provided<S extends ServiceName> = (S extends 'backend' ? Backend : Services[S]) & Service

/** A service that a plugin cannot do without, or, with `?`, one that it uses when it is there. */
export type Need = ServiceName | `${ServiceName}?`

/** The services that a plugin gets for its needs. */
export type Needed<N extends Need> = {
  readonly [K in N as K extends `${infer S}?` ? S : K]: K extends `${infer S extends ServiceName}?`
    ? Services[S] | undefined
    : K extends ServiceName
      ? Services[K]
      : never
}

export function isOptional(need: Need): boolean {
  return need.endsWith('?')
}

export function serviceOf(need: Need): ServiceName {
  return (need.endsWith('?') ? need.slice(0, -1) : need) as ServiceName
}
