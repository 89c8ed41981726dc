import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Folder = { readonly path: string } & AsyncDisposable

/** A folder for the lives of one node; gone with the test. */
export async function tempFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-crash-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}
