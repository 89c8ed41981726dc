import type { Condemned, Entry, FileFacts, Undone } from '@holdfast/core'
import { answering, type Call, meter, type Operation } from './operation.ts'
import { serviceOf } from './services.ts'

export interface ListRequest {
  readonly prefix?: string
  /** What is on its way out, and can still be undone, rather than what is listed. */
  readonly condemned?: boolean
  /** Most items. */
  readonly limit?: number
}

/** What a list comes to. */
export interface Listed {
  readonly files: number
  readonly bytes: number
  /** There are more. */
  readonly cut: boolean
}

/** Files in byte order of their paths. */
export const ls: Operation<ListRequest, Entry | Condemned, Listed> = async function* (call, request) {
  const { node, signal } = call
  const { prefix = '', condemned = false, limit = Number.POSITIVE_INFINITY } = request
  const options = { prefix, signal }
  let [files, bytes] = [0, 0]
  for await (const item of condemned ? node.files.condemned(options) : node.files.list(options)) {
    if (files === limit) return { files, bytes, cut: true }
    files++
    bytes += sizeOf(item)
    yield item
  }
  return { files, bytes, cut: false }
}

function sizeOf(item: Entry | Condemned): number {
  return 'size' in item ? item.size : (item.entry?.size ?? 0)
}

export interface PathRequest {
  readonly path: string
}

export const stat = answering<PathRequest, Entry | null>(async ({ node }, { path }) => {
  return (await node.files.stat(path)) ?? null
})

export interface PutRequest extends FileFacts, PathRequest {
  /** Write over the file that has this path. Without it HF_PATH_EXISTS. */
  readonly replace?: boolean
  /** Bytes that will come, where that is known. */
  readonly size?: number
}

export const put = answering<PutRequest, Entry>(async (call, request) => {
  const { node, signal, input } = call
  const { path, replace = false, size, ...facts } = request
  const tell = meter(call, { what: path, unit: 'bytes', ...(size !== undefined && { total: size }) })
  const options = { ...facts, signal, ...(!replace && { ifAbsent: true as const }) }
  return await node.files.write(path, counted(input, tell), options)
})

export const get: Operation<PathRequest, Uint8Array, { readonly bytes: number }> = async function* (
  call,
  { path },
) {
  const { node, signal } = call
  const total = (await node.files.stat(path))?.size
  const tell = meter(call, { what: path, unit: 'bytes', ...(total !== undefined && { total }) })
  let bytes = 0
  for await (const chunk of await node.files.read(path, { signal })) {
    bytes += chunk.length
    tell(bytes)
    yield chunk
  }
  return { bytes }
}

async function* counted(source: AsyncIterable<Uint8Array>, tell: (done: number) => void) {
  let done = 0
  for await (const chunk of source) {
    done += chunk.length
    tell(done)
    yield chunk
  }
}

export interface RemoveRequest extends PathRequest {
  /** Take the files below this folder, not the one that has this path. */
  readonly recursive?: boolean
  /** Milliseconds until the bytes may be erased; default: the manifest's eraseDelay. */
  readonly delay?: number
  /** Really do it. Without it the files are only named. */
  readonly act?: boolean
}

export interface Removed {
  readonly files: number
  readonly bytes: number
  /** Files that a hold keeps. */
  readonly held: number
  readonly acted: boolean
}

/** A file that goes, or would; `held` ones stay. */
export type Removal = Pick<Entry, 'path' | 'size' | 'generation'> & { readonly held: boolean }

export const rm: Operation<RemoveRequest, Removal, Removed> = async function* (call, request) {
  const { node, signal } = call
  const { act = false, delay } = request
  let [files, bytes, held] = [0, 0, 0]
  for await (const { path, size, generation } of chosen(call, request)) {
    const isHeld = holdsOf(call, path) > 0
    if (isHeld) held++
    else {
      if (act) await node.files.delete(path, { signal, ...(delay !== undefined && { delay }) })
      files++
      bytes += size
    }
    yield { path, size, generation, held: isHeld }
  }
  return { files, bytes, held, acted: act }
}

async function* chosen({ node, signal }: Call, { path, recursive = false }: RemoveRequest) {
  if (recursive) yield* node.files.list({ prefix: `${path.replace(/\/$/, '')}/`, signal })
  else {
    const entry = await node.files.stat(path)
    if (entry) yield entry
    // Says why there is nothing to delete.
    else await node.files.delete(path)
  }
}

function holdsOf({ node }: Call, path: Entry['path']): number {
  return serviceOf(node, 'manifest')?.holds.covering({ path }).length ?? 0
}

export interface UndoRequest {
  readonly path?: string
  readonly key?: string
  readonly run?: string
  readonly replacement?: number
}

/** What came back. */
export type Undo =
  | { readonly of: 'file'; readonly entry: Entry }
  | { readonly of: 'run'; readonly undone: Undone }
  | { readonly of: 'replacement'; readonly entries: readonly Entry[] }

export const undo = answering<UndoRequest, Undo>(async ({ node, signal }, request) => {
  const { path, key, run, replacement } = request
  if (run !== undefined) return { of: 'run', undone: await node.files.undo({ run }, { signal }) }
  if (replacement !== undefined) {
    const { entries } = await node.files.undo({ replacement }, { signal })
    return { of: 'replacement', entries }
  }
  const what = key === undefined ? (path ?? '') : { key }
  return { of: 'file', entry: await node.files.undo(what as string, { signal }) }
})
