import { type FilePath, type NewEntry, pathProblem, type StorageKey } from '@holdfast/core'

const CHECKSUM = /^[a-z0-9]+:[0-9a-f]+$/
/** All names and values of one entry's metadata together, in bytes. */
const METADATA_BYTES = 4096
const TEXT_BYTES = 1024
/** Times beyond this would not fit into the formats: 71,000 years. */
const MOST_MS = 2 ** 51

/** Problems with an entry that somebody wants to list. */
export function* entryProblems(entry: NewEntry | undefined): Generator<string> {
  if (typeof entry !== 'object' || entry === null) {
    yield 'it has no entry'
    return
  }
  const wrongPath = pathProblem(entry.path)
  if (wrongPath) yield `its path cannot be used: ${wrongPath}`
  yield* keyProblems(entry.key)
  if (!wrongPath && folder(entry.path) !== folder(entry.key ?? ''))
    yield "its key is not in its path's folder"
  if (!text(entry.namespace)) yield 'it has no namespace'
  if (!count(entry.size)) yield 'its size is not a whole number of bytes'
  if (typeof entry.checksum !== 'string' || !CHECKSUM.test(entry.checksum))
    yield 'its checksum is not <algorithm>:<hex>'
  if (!count(entry.createdAt) || entry.createdAt === 0) yield 'it has no createdAt'
  if (!text(entry.origin)) yield 'it has no origin'
  if (!text(entry.storeId)) yield 'it has no storeId'
  yield* factProblems(entry)
}

type Facts = Pick<
  NewEntry,
  'version' | 'changedAt' | 'minTime' | 'maxTime' | 'timesFrom' | 'rows' | 'metadata'
>

/** Problems with what is known of a file besides its bytes. */
export function* factProblems(entry: Facts): Generator<string> {
  if (entry.version !== undefined && !text(entry.version)) yield 'its version is not a text'
  for (const field of ['changedAt', 'minTime', 'maxTime'] as const)
    if (entry[field] !== undefined && !isTime(entry[field]))
      yield `its ${field} is not whole milliseconds within 2^51 of 1970`
  if (isTime(entry.minTime) && isTime(entry.maxTime) && entry.minTime > entry.maxTime)
    yield 'its minTime is after its maxTime'
  if (entry.rows !== undefined && !count(entry.rows)) yield 'its rows are not a whole number'
  if (entry.timesFrom !== undefined && entry.timesFrom !== 'caller' && entry.timesFrom !== 'path')
    yield 'its timesFrom is neither caller nor path'
  if (entry.metadata !== undefined) yield* metadataProblems(entry.metadata)
}

export function* keyProblems(key: StorageKey | FilePath): Generator<string> {
  const problem = pathProblem(key)
  if (problem) yield `its key cannot be used: ${problem}`
}

function* metadataProblems(metadata: Readonly<Record<string, string>>): Generator<string> {
  if (metadata === null || Object.getPrototypeOf(metadata) !== Object.prototype) {
    yield 'its metadata is not a plain object'
    return
  }
  let bytes = 0
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== 'string' || !value.isWellFormed() || !name.isWellFormed())
      yield `its metadata ${JSON.stringify(name)} is not a text`
    else bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  if (bytes > METADATA_BYTES) yield `its metadata has ${bytes} bytes, more than ${METADATA_BYTES}`
}

export function text(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.isWellFormed() &&
    value.length <= TEXT_BYTES &&
    Buffer.byteLength(value) <= TEXT_BYTES
  )
}

export function count(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Math.abs(value as number) <= MOST_MS
}

function folder(name: string): string {
  return name.slice(0, name.lastIndexOf('/') + 1)
}
