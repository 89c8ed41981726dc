import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { HoldfastError, messageOf } from '@holdfast/core'

/**
 * Format of the small JSON records that a node keeps about itself: `node.json` and `lock` in its data folder,
 * `store.json` and `owner.json` in its store. Format 1 had no sum.
 */
export const CONTROL_FORMAT = 2

/** What became of reading one. */
export type Control =
  | { readonly state: 'read'; readonly format: number; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly state: 'newer'; readonly format: number }
  | { readonly state: 'damaged' }

/** The bytes of a record; one byte that changes is noticed by the sum. */
export function encodeControl(fields: object): Buffer {
  const record = { format: CONTROL_FORMAT, ...fields }
  return Buffer.from(`${JSON.stringify({ ...record, sum: sumOf(record) })}\n`)
}

export function decodeControl(bytes: Uint8Array): Control {
  let record: Record<string, unknown>
  try {
    // What is not UTF-8 must not become something else that happens to be readable.
    record = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Record<string, unknown>
  } catch {
    return { state: 'damaged' }
  }
  const { format } = record ?? {}
  if (typeof format !== 'number' || !Number.isInteger(format) || format < 1) return { state: 'damaged' }
  if (format > CONTROL_FORMAT) return { state: 'newer', format }
  const { sum, ...rest } = record
  if (sum === undefined ? format > 1 : sum !== sumOf(rest)) return { state: 'damaged' }
  const { format: _, ...fields } = rest
  return { state: 'read', format, fields }
}

/** A record on the node's own disk; undefined when there is none. @throws HF_MANIFEST_CORRUPT when it cannot be read at all */
export function readControlFile(file: string, cure: string): Control | undefined {
  try {
    return decodeControl(readFileSync(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unusable(file, cure, error)
  }
}

/** Writes a record to the node's own disk; durable when it returns. @throws HF_NO_SPACE, HF_MANIFEST_CORRUPT when it cannot be written */
export function writeControlFile(file: string, fields: object): void {
  try {
    writeFileSync(file, encodeControl(fields), { flush: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
      throw new HoldfastError('HF_NO_SPACE', `there is no room for ${file}`, { cause: error })
    throw unusable(file, 'make room for it: its folder must be writable', error)
  }
}

/** The error for a control file that is not what it should be. */
export function unusable(file: string, cure: string, cause?: unknown): HoldfastError {
  const what = cause === undefined ? 'is damaged' : `cannot be used (${messageOf(cause)})`
  return new HoldfastError('HF_MANIFEST_CORRUPT', `${file} ${what}; ${cure}`, { context: { file }, cause })
}

/** The error for one of a later version. */
export function newerFile(file: string, format: number, cure: string): HoldfastError {
  return new HoldfastError(
    'HF_FORMAT_NEWER',
    `${file} has format ${format}, which this version does not know; start a later version, or, ${cure}`,
    { context: { file, version: format } },
  )
}

function sumOf(record: object): string {
  return createHash('sha256').update(JSON.stringify(record)).digest('hex').slice(0, 16)
}
