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

/** Opens a listed file's bytes, pinned on this node until the stream ends. */
export async function openBytes(
  entry: Entry,
  state: State,
  storage: Storage,
  pins: Pins,
  options: CallOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const algorithm = algorithmOf(entry)
  // In the same turn as the look-up: the eraser cannot come between.
  const pin = pins.pin(entry.key)
  try {
    const bytes = await storage.read(entry.key, options)
    return pinned(verified(bytes, entry, algorithm), pin)
  } catch (error) {
    pin[Symbol.dispose]()
    throw isHoldfastError(error) && error.kind === 'not_found' ? whyMissing(entry, state, error) : error
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
): AsyncGenerator<Uint8Array> {
  const expected = entry.checksum.slice(algorithm.length + 1)
  const hash = createHash(algorithm)
  let size = 0
  let held: Uint8Array | undefined
  for await (const piece of bytes) {
    hash.update(piece)
    size += piece.length
    if (held) yield held
    held = piece
  }
  if (size !== entry.size || hash.digest('hex') !== expected)
    throw new HoldfastError(
      'HF_BYTES_CORRUPT',
      `the bytes of ${entry.path} are not those that were written`,
      {
        operation: 'files.read',
        context: {
          path: entry.path,
          key: entry.key,
          expected: { size: entry.size, checksum: entry.checksum },
          size,
        },
      },
    )
  if (held) yield held
}

function whyMissing(entry: Entry, state: State, cause: HoldfastError): HoldfastError {
  const { path, key } = entry
  const details = { operation: 'files.read', context: { path, key }, cause }
  return isReadable(state, key)
    ? new HoldfastError('HF_BYTES_MISSING', `the bytes of ${path} are not in the store`, details)
    : new HoldfastError('HF_FILE_DELETED', `${path} was deleted while it was being opened`, details)
}

function isReadable(state: State, key: StorageKey): boolean {
  const known = state.key(key)
  return known?.state === 'live' || known?.state === 'condemned'
}
