import { type Entry, hasCode, type Undone } from '@holdfast/core'
import type { Returned } from '@holdfast/plugin-retention'
import { fileNotFound, type PathRequest } from './files.ts'
import { answering, type Call, operation } from './operation.ts'
import { checkOneOf, count, flag, optional, text } from './request.ts'
import { serviceOf } from './services.ts'

export interface RemoveRequest extends PathRequest {
  /** Take the files below this folder, not the one that has this path. */
  readonly recursive?: boolean
  /** Milliseconds until the bytes may be erased; default: the manifest's eraseDelay. */
  readonly delay?: number
  /** Only files that have not changed since this generation: those that somebody was shown. */
  readonly unchangedSince?: number
  /** Really do it. Without it the files are only named. */
  readonly act?: boolean
}

export interface Removed {
  readonly files: number
  readonly bytes: number
  /** Files that a hold keeps. */
  readonly held: number
  readonly acted: boolean
  /** Of the manifest, before the first file: `unchangedSince` of a request that does what this one has named. */
  readonly generation: number
}

/** A file that goes, or would; `held` ones stay. */
export type Removal = Pick<Entry, 'path' | 'size' | 'generation'> & { readonly held: boolean }

const REMOVE = {
  path: text,
  recursive: optional(flag),
  delay: optional(count),
  unchangedSince: optional(count),
  act: optional(flag),
}

export const rm = operation<RemoveRequest, Removal, Removed>(REMOVE, async function* (call, request) {
  const { act = false, unchangedSince = Number.POSITIVE_INFINITY } = request
  const { generation: since } = call.node.service('manifest').head()
  let [files, bytes, held] = [0, 0, 0]
  for await (const { path } of chosen(call, request)) {
    // It may have gone, or come anew, since the page was read that it stood on.
    const entry = call.node.service('manifest').entry(path)
    if (!entry || entry.generation > unchangedSince) continue
    const isHeld = act ? !(await removed(call, entry, request)) : holdsOf(call, entry) > 0
    const { size, generation } = entry
    if (isHeld) held++
    else {
      files++
      bytes += size
    }
    yield { path, size, generation, held: isHeld }
  }
  return { files, bytes, held, acted: act, generation: since }
})

async function* chosen({ node, signal }: Call, { path, recursive = false }: RemoveRequest) {
  if (recursive) yield* node.files.list({ prefix: `${path.replace(/\/$/, '')}/`, signal })
  else {
    const entry = await node.files.stat(path)
    if (!entry) throw fileNotFound(path)
    yield entry
  }
}

/** False when a hold keeps it. The look at the entry and the delete are in one turn: it is the entry that goes. */
async function removed({ node, signal }: Call, { path }: Entry, { delay }: RemoveRequest): Promise<boolean> {
  try {
    await node.files.delete(path, { signal, ...(delay !== undefined && { delay }) })
    return true
  } catch (error) {
    if (hasCode(error, 'HF_HELD')) return false
    throw error
  }
}

function holdsOf({ node }: Call, { path }: Entry): number {
  return serviceOf(node, 'manifest')?.holds.covering({ path }).length ?? 0
}

export interface UndoRequest {
  readonly path?: string
  readonly key?: string
  readonly run?: string
  readonly replacement?: number
}

/** Files that came back; where retention is on the node, also what had taken them, and the policies among that. */
export type UndoneRun = Undone & Partial<Pick<Returned, 'reasons' | 'policies'>>

/** What came back. */
export type Undo =
  | { readonly of: 'file'; readonly entry: Entry }
  | { readonly of: 'run'; readonly undone: UndoneRun }
  | { readonly of: 'replacement'; readonly entries: readonly Entry[] }

const UNDO = {
  path: optional(text),
  key: optional(text),
  run: optional(text),
  replacement: optional(count),
}

export const undo = answering<UndoRequest, Undo>(UNDO, async ({ node, signal }, request) => {
  checkOneOf(request, Object.keys(UNDO))
  const { path, key, run, replacement } = request
  if (run !== undefined) {
    const retention = serviceOf(node, 'retention')
    const undone = await (retention?.undo({ run }, { signal }) ?? node.files.undo({ run }, { signal }))
    return { of: 'run', undone }
  }
  if (replacement !== undefined) {
    const { entries } = await node.files.undo({ replacement }, { signal })
    return { of: 'replacement', entries }
  }
  const entry = await node.files.undo(path ?? { key: key as string }, { signal })
  return { of: 'file', entry }
})
