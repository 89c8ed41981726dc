import { createHash, getHashes } from 'node:crypto'
import {
  type CallOptions,
  type Entry,
  HoldfastError,
  isHoldfastError,
  type Storage,
  type StorageKey,
} from '@holdfast/core'
import type { State } from '../state/state.ts'
import type { Pins } from './pins.ts'

declare module '@holdfast/core' {
  interface Metrics {
    /** Reads of listed files that failed: their bytes were `missing`, or `corrupt`, not those that were written. */
    holdfast_files_unreadable_total: { kind: 'counter'; labels: 'problem' }
  }
}

export interface ReadParts {
  readonly state: State
  readonly storage: Storage
  readonly pins: Pins
  /** Counts a read of a listed file that failed. */
  readonly unreadable: (problem: 'missing' | 'corrupt') => void
}

/** Opens a listed file's bytes, pinned on this node until the stream ends. */
export async function openBytes(
  entry: Entry,
  parts: ReadParts,
  options: CallOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const { storage, pins } = parts
  const algorithm = algorithmOf(entry)
  // In the same turn as the look-up: the eraser cannot come between.
  const pin = pins.pin(entry.key)
  try {
    const bytes = await storage.read(entry.key, options)
    return pinned(verified(bytes, entry, algorithm, parts), pin)
  } catch (error) {
    pin[Symbol.dispose]()
    throw whyUnreadable(entry, parts, error)
  }
}

/** Lets the pin go when the stream ends, also when nobody ever began to read it. */
function pinned(bytes: AsyncGenerator<Uint8Array>, pin: Disposable): AsyncIterableIterator<Uint8Array> {
  const ended = (result: IteratorResult<Uint8Array>) => {
    if (result.done) pin[Symbol.dispose]()
    return result
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      try {
        return ended(await bytes.next())
      } catch (error) {
        pin[Symbol.dispose]()
        throw error
      }
    },
    async return() {
      pin[Symbol.dispose]()
      return bytes.return(undefined)
    },
  }
}

/** @throws HF_UNSUPPORTED */
function algorithmOf({ path, checksum }: Entry): string {
  const algorithm = checksum.slice(0, checksum.indexOf(':'))
  if (getHashes().includes(algorithm)) return algorithm
  throw new HoldfastError(
    'HF_UNSUPPORTED',
    `the checksum of ${path} is ${algorithm}, which cannot be computed here`,
    {
      operation: 'files.read',
      context: { path, algorithm },
    },
  )
}

/** Passes the bytes on and compares them with what is listed. The last piece is held back until it has been judged. */
async function* verified(
  bytes: AsyncIterable<Uint8Array>,
  entry: Entry,
  algorithm: string,
  parts: ReadParts,
): AsyncGenerator<Uint8Array> {
  const expected = entry.checksum.slice(algorithm.length + 1)
  const hash = createHash(algorithm)
  let size = 0
  let held: Uint8Array | undefined
  try {
    for await (const piece of bytes) {
      hash.update(piece)
      size += piece.length
      if (held) yield held
      held = piece
    }
  } catch (error) {
    throw whyUnreadable(entry, parts, error, size)
  }
  if (size !== entry.size || hash.digest('hex') !== expected) throw corrupt(entry, parts, size)
  if (held) yield held
}

/** What the store says of one object, in terms of the file that is listed; anything else stays as it is. */
function whyUnreadable(entry: Entry, parts: ReadParts, error: unknown, size = 0): unknown {
  if (!isHoldfastError(error)) return error
  if (error.kind === 'not_found') return whyMissing(entry, parts, error)
  return error.kind === 'corrupt' ? corrupt(entry, parts, size, error) : error
}

function corrupt(
  { path, key, size: listed, checksum }: Entry,
  { unreadable }: ReadParts,
  size: number,
  cause?: HoldfastError,
): HoldfastError {
  unreadable('corrupt')
  return new HoldfastError('HF_BYTES_CORRUPT', `the bytes of ${path} are not those that were written`, {
    operation: 'files.read',
    context: { path, key, expected: { size: listed, checksum }, size },
    ...(cause && { cause }),
  })
}

function whyMissing(
  { path, key }: Entry,
  { state, unreadable }: ReadParts,
  cause: HoldfastError,
): HoldfastError {
  const details = { operation: 'files.read', context: { path, key }, cause }
  if (!isReadable(state, key))
    return new HoldfastError('HF_FILE_DELETED', `${path} was deleted while it was being opened`, details)
  unreadable('missing')
  return new HoldfastError('HF_BYTES_MISSING', `the bytes of ${path} are not in the store`, details)
}

function isReadable(state: State, key: StorageKey): boolean {
  const known = state.key(key)
  return known?.state === 'live' || known?.state === 'condemned'
}
