import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { ReadOptions } from '@holdfast/core'
import { coded, problem, type Subject, throwIfAborted } from './errors.ts'
import { checkKey } from './keys.ts'
import type { LocalStore } from './root.ts'
import { stat } from './stat.ts'

/** Most bytes of one piece. */
const PIECE_BYTES = 256 * 1024

/** The bytes of a file. The file is opened by the first pull, so that a result nobody reads holds no descriptor. */
export async function read(
  store: LocalStore,
  key: string,
  options: ReadOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const subject = { operation: 'read', key } as const
  checkKey(key, subject)
  throwIfAborted(options.signal, subject)
  if (options.ifVersion !== undefined)
    throw problem('unsupported', 'a local disk keeps no versions: ifVersion cannot be used', subject)
  checkRange(options.range, subject)
  if (!(await stat(store, key, {}))) throw problem('not_found', `there is no ${key}`, subject)
  return pieces(store.path(key), options, subject)
}

function checkRange(range: ReadOptions['range'], subject: Subject): void {
  if (!range) return
  const { start, end = start } = range
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start)
    throw problem('invalid', `${JSON.stringify(range)} is not a range of bytes`, subject)
}

async function* pieces(
  path: string,
  { range, signal }: ReadOptions,
  subject: Subject,
): AsyncGenerator<Uint8Array, void, undefined> {
  throwIfAborted(signal, subject)
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      const end = Math.min(range?.end ?? Number.POSITIVE_INFINITY, (await handle.stat()).size)
      for (let at = range?.start ?? 0; at < end; ) {
        throwIfAborted(signal, subject)
        // A new buffer for each piece: the consumer may keep it.
        const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - at))
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
        if (bytesRead === 0)
          throw problem('corrupt', `${subject.key} became shorter while it was read`, subject)
        at += bytesRead
        yield buffer.subarray(0, bytesRead)
      }
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw coded(error, subject)
  }
}
