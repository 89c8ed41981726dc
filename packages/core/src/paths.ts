import { HoldfastError } from './errors.ts'
import { ULID_PATTERN } from './ids.ts'

declare const brand: unique symbol
/** The logical name of a file, as users see it. Checked by {@link parsePath}. */
export type FilePath = string & { readonly [brand]: 'path' }
/** The physical name of a file's bytes in the backend; used once. Checked by {@link parseKey}. */
export type StorageKey = string & { readonly [brand]: 'key' }

/** Longest path and key, in bytes of UTF-8. */
export const MAX_PATH_BYTES = 1024
/** What a minted key adds to its path: `~` and a ULID. */
export const MINT_BYTES = 27
/** First segments that the store keeps for its own records. */
export const RESERVED_FOLDER = '.holdfast'

export interface PathLimits {
  /** Longest path in bytes of UTF-8. Default 1024. */
  readonly bytes?: number
  /** Longest segment in bytes of UTF-8. Default: no limit of its own. */
  readonly segmentBytes?: number
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_BACKSLASH_OR_COLON = /[\u0000-\u001f\u007f\\:]/

/** Names that are plainly good, as nearly all are: words and single dots between slashes. Spares them the long way. */
const PLAIN = /^[\w~=+@,-]+(?:\.[\w~=+@,-]+)*(?:\/[\w~=+@,-]+(?:\.[\w~=+@,-]+)*)*$/

/**
 * Says what is wrong with a path or key, or undefined when it is good. Names are rejected, never rewritten:
 * a rewritten name is a second name for the same bytes.
 */
export function pathProblem(text: string, limits: PathLimits = {}): string | undefined {
  if (typeof text !== 'string' || text === '') return 'it is empty'
  const bytes = limits.bytes ?? MAX_PATH_BYTES
  if (text.length <= bytes && limits.segmentBytes === undefined && PLAIN.test(text)) return undefined
  // Three bytes a UTF-16 unit is the most that UTF-8 needs: only long names are measured.
  if (text.length * 3 > bytes && Buffer.byteLength(text) > bytes) return `it is longer than ${bytes} bytes`
  if (!text.isWellFormed()) return 'it holds a lone surrogate'
  if (CONTROL_BACKSLASH_OR_COLON.test(text)) return 'it holds a control character, a backslash or a colon'
  if (text.startsWith('/')) return 'it is absolute'
  for (const segment of text.split('/')) {
    if (segment === '') return 'it holds an empty segment'
    if (segment === '.' || segment === '..') return `it holds the segment "${segment}"`
    if (segment.endsWith('.') || segment.endsWith(' ')) return 'a segment ends in a dot or a space'
    const most = limits.segmentBytes
    if (most !== undefined && segment.length * 3 > most && Buffer.byteLength(segment) > most)
      return `a segment is longer than ${most} bytes`
  }
  if (text === RESERVED_FOLDER || text.startsWith(`${RESERVED_FOLDER}/`))
    return `its first segment "${RESERVED_FOLDER}" is reserved`
  return undefined
}

/** Checks a path. @throws HF_PATH_INVALID */
export function parsePath(text: string, limits?: PathLimits): FilePath {
  const problem = pathProblem(text, limits)
  if (problem !== undefined)
    throw new HoldfastError('HF_PATH_INVALID', `${JSON.stringify(text)} cannot be a path: ${problem}`, {
      context: { path: text, problem },
    })
  return text as FilePath
}

/** Checks a key. @throws HF_KEY_INVALID */
export function parseKey(text: string, limits?: PathLimits): StorageKey {
  const problem = pathProblem(text, limits)
  if (problem !== undefined)
    throw new HoldfastError('HF_KEY_INVALID', `${JSON.stringify(text)} cannot be a key: ${problem}`, {
      context: { key: text, problem },
    })
  return text as StorageKey
}

/** A new key for a path, in the same folder: `<name>~<ulid><ext>`. */
export function mintKey(path: FilePath, ulid: string): StorageKey {
  const name = path.lastIndexOf('/') + 1
  const dot = path.lastIndexOf('.')
  // A name that only begins with a dot (.env) has no extension.
  const cut = dot > name ? dot : path.length
  return `${path.slice(0, cut)}~${ulid}${path.slice(cut)}` as StorageKey
}

/** The path that a minted key was made for, or undefined when the key was not minted. */
export function mintedPath(key: StorageKey): FilePath | undefined {
  const tilde = key.lastIndexOf('~')
  if (tilde <= key.lastIndexOf('/')) return undefined
  if (!ULID_PATTERN.test(key.slice(tilde + 1, tilde + MINT_BYTES))) return undefined
  return (key.slice(0, tilde) + key.slice(tilde + MINT_BYTES)) as FilePath
}

/** Every folder that a path lies in, outermost first: `a/b/c` gives `a`, `a/b`. */
export function* foldersOf(path: string): Generator<string> {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1))
    yield path.slice(0, slash)
}
