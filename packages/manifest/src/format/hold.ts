import type { HoldScope, NewHold } from '@holdfast/core'
import { type ByteReader, type ByteWriter, newer } from './bytes.ts'

/** Format of a rule, in rows and in log records. */
const VERSION = 1

/** Append only. */
const SCOPES = ['path', 'folder', 'key', 'namespace', 'run'] as const
type ScopeKind = (typeof SCOPES)[number]

/** What a scope is about: its kind and the name. */
export function partsOf(scope: HoldScope): { readonly kind: ScopeKind; readonly name: string } {
  if ('path' in scope) return { kind: 'path', name: scope.path }
  if ('folder' in scope) return { kind: 'folder', name: scope.folder }
  if ('key' in scope) return { kind: 'key', name: scope.key }
  if ('namespace' in scope) return { kind: 'namespace', name: scope.namespace }
  return { kind: 'run', name: scope.run }
}

export function writeHold(writer: ByteWriter, { scope, owner, expiresAt }: Omit<NewHold, 'id'>): void {
  const { kind, name } = partsOf(scope)
  writer.u8(VERSION).u8(SCOPES.indexOf(kind)).text(name).text(owner)
  writer.varint(expiresAt === undefined ? 0 : expiresAt + 1)
}

export function readHold(reader: ByteReader): Omit<NewHold, 'id'> {
  const version = reader.u8()
  if (version !== VERSION) throw newer('a hold', version)
  const number = reader.u8()
  const kind = SCOPES[number]
  if (!kind) throw newer('the scope of a hold', number)
  const scope = { [kind]: reader.text() } as HoldScope
  const owner = reader.text()
  const expires = reader.varint()
  return { scope, owner, ...(expires > 0 && { expiresAt: expires - 1 }) }
}
