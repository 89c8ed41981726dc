import { type Condemned, type Entry, type FileFacts, HoldfastError } from '@holdfast/core'
import { answering, meter, operation } from './operation.ts'
import { count, flag, optional, text, textsByName, time } from './request.ts'

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

const LIST = { prefix: optional(text), condemned: optional(flag), limit: optional(count) }

/** Files in byte order of their paths. */
export const ls = operation<ListRequest, Entry | Condemned, Listed>(LIST, async function* (call, request) {
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
})

function sizeOf(item: Entry | Condemned): number {
  return 'size' in item ? item.size : (item.entry?.size ?? 0)
}

export interface PathRequest {
  readonly path: string
}

export const stat = answering<PathRequest, Entry>({ path: text }, async ({ node }, { path }) => {
  const entry = await node.files.stat(path)
  if (!entry) throw fileNotFound(path)
  return entry
})

export function fileNotFound(path: string): HoldfastError {
  return new HoldfastError(
    'HF_FILE_NOT_FOUND',
    `no file ${path} is listed; "holdfast explain" says what became of it`,
    { context: { path } },
  )
}

export interface PutRequest extends FileFacts, PathRequest {
  /** Write over the file that has this path. Without it HF_PATH_EXISTS. */
  readonly replace?: boolean
  /** Bytes that will come, where that is known. */
  readonly size?: number
}

const PUT = {
  path: text,
  replace: optional(flag),
  size: optional(count),
  namespace: optional(text),
  minTime: optional(time),
  maxTime: optional(time),
  rows: optional(count),
  metadata: optional(textsByName),
}

export const put = answering<PutRequest, Entry>(PUT, async (call, request) => {
  const { node, signal, input } = call
  const { path, replace = false, size, ...facts } = request
  const tell = meter(call, { what: path, unit: 'bytes', ...(size !== undefined && { total: size }) })
  const options = { ...facts, signal, ...(!replace && { ifAbsent: true as const }) }
  return await node.files.write(path, counted(input, tell), options)
})

/** What was read. */
export interface Got {
  readonly bytes: number
}

export const get = operation<PathRequest, Uint8Array, Got>({ path: text }, async function* (call, { path }) {
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
})

async function* counted(source: AsyncIterable<Uint8Array>, tell: (done: number) => void) {
  let done = 0
  for await (const chunk of source) {
    done += chunk.length
    tell(done)
    yield chunk
  }
}
