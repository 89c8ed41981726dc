import { closeSync, mkdirSync, openSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type OpenLocalOptions, openLocalBackend } from '@holdfast/backend-local'
import type { Backend } from '@holdfast/core'

/** A root in a folder of its own, so that a test can look at what lies outside the root too. */
export interface TempRoot extends AsyncDisposable {
  readonly outside: string
  readonly root: string
  open(options?: Omit<OpenLocalOptions, 'root'>): Promise<Backend>
  litter(): Promise<string[]>
}

export async function tempRoot(): Promise<TempRoot> {
  const outside = await mkdtemp(join(tmpdir(), 'holdfast-local-'))
  const root = join(outside, 'root')
  return {
    outside,
    root,
    open: (options = {}) => openLocalBackend({ root, ...options }),
    litter: () => readdir(join(root, '.holdfast', 'tmp')),
    [Symbol.asyncDispose]: () => rm(outside, { recursive: true }),
  }
}

export const bytes = (text: string) => new TextEncoder().encode(text)

export async function readText(backend: Backend, key: string): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of await backend.read(key)) parts.push(part)
  return Buffer.concat(parts).toString()
}

/** Makes empty files without syncs: for trees of which only the names matter. */
export function makeFiles(root: string, keys: Iterable<string>): void {
  const made = new Set<string>()
  for (const key of keys) {
    const folder = dirname(join(root, key))
    if (!made.has(folder)) mkdirSync(folder, { recursive: true })
    made.add(folder)
    closeSync(openSync(join(root, key), 'w'))
  }
}

export async function keysOf(backend: Backend, prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const page of backend.list({ prefix })) keys.push(...page.keys)
  return keys
}
