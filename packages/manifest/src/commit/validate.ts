import {
  type Batch,
  type FilePath,
  HoldfastError,
  MAX_BATCH_OPS,
  type NewEntry,
  type Op,
  pathProblem,
  type StorageKey,
  ULID_PATTERN,
} from '@holdfast/core'

const CHECKSUM = /^[a-z0-9]+:[0-9a-f]+$/
/** All names and values of one entry's metadata together, in bytes. */
const METADATA_BYTES = 4096
const TEXT_BYTES = 1024
/** Times beyond this would not fit into the formats: 71,000 years. */
const MOST_MS = 2 ** 51
const OPS_WITH_FENCE: readonly Op['type'][] = ['doom', 'erased']

/**
 * Checks that a batch is well formed, which is the proposer's business alone: apply never judges it again.
 * @throws HF_BATCH_INVALID with every problem of the batch; nothing has changed
 */
export function validateBatch(batch: Batch): void {
  const problems = [...batchProblems(batch)]
  if (problems.length === 0) return
  throw new HoldfastError('HF_BATCH_INVALID', `the batch is malformed: ${problems.slice(0, 10).join('; ')}`, {
    operation: 'manifest.commit',
    context: { problems },
  })
}

function* batchProblems({ id, ops, fence }: Batch): Generator<string> {
  if (id !== undefined && !ULID_PATTERN.test(id)) yield 'its id is not a ULID'
  if (!Array.isArray(ops)) {
    yield 'it has no ops'
    return
  }
  if (ops.length > MAX_BATCH_OPS) yield `it has ${ops.length} ops, more than ${MAX_BATCH_OPS}`
  if (fence && (!text(fence.role) || !count(fence.epoch))) yield 'its fence has no role and epoch'
  const keys = new Set<string>()
  const paths = new Set<string>()
  for (const [index, op] of ops.entries()) {
    for (const problem of opProblems(op)) yield `op ${index}: ${problem}`
    if (!fence && OPS_WITH_FENCE.includes(op?.type)) yield `op ${index}: ${op.type} needs a fence`
    const { key, path } = namesOf(op)
    if (keys.has(key)) yield `op ${index}: the key ${key} is named twice`
    if (path !== undefined && paths.has(path)) yield `op ${index}: the path ${path} is named twice`
    keys.add(key)
    if (path !== undefined) paths.add(path)
  }
}

function namesOf(op: Op): { key: string; path?: string } {
  return op?.type === 'register' ? { key: op.entry?.key, path: op.entry?.path } : { key: op?.key }
}

function* opProblems(op: Op): Generator<string> {
  switch (op?.type) {
    case 'register':
      yield* entryProblems(op.entry)
      return
    case 'condemn': {
      yield* keyProblems(op.key)
      if (!count(op.delay)) yield 'its delay is not a whole number of milliseconds'
      if (!text(op.reason)) yield 'it has no reason'
      if (op.run !== undefined && !text(op.run)) yield 'its run is not a text'
      if (op.generation !== undefined && !count(op.generation)) yield 'its generation is not a whole number'
      if (op.unlisted) {
        if (op.generation !== undefined) yield 'an unlisted key has no generation'
        if (!text(op.unlisted.storeId)) yield 'its unlisted key has no store'
        if (op.unlisted.size !== undefined && !count(op.unlisted.size))
          yield 'its unlisted size is not a whole number'
        if (op.unlisted.version !== undefined && !text(op.unlisted.version))
          yield 'its unlisted version is not a text'
      }
      return
    }
    case 'undo':
    case 'doom':
      yield* keyProblems(op.key)
      return
    case 'erased':
      yield* keyProblems(op.key)
      if (!count(op.keep)) yield 'its keep is not a whole number of milliseconds'
      return
    default:
      yield `its type ${JSON.stringify((op as { type?: unknown } | undefined)?.type)} is unknown`
  }
}

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
  if (entry.version !== undefined && !text(entry.version)) yield 'its version is not a text'
  for (const field of ['changedAt', 'minTime', 'maxTime'] as const)
    if (
      entry[field] !== undefined &&
      !(Number.isSafeInteger(entry[field]) && Math.abs(entry[field]) <= MOST_MS)
    )
      yield `its ${field} is not whole milliseconds within 2^51 of 1970`
  if (entry.minTime !== undefined && entry.maxTime !== undefined && entry.minTime > entry.maxTime)
    yield 'its minTime is after its maxTime'
  if (entry.rows !== undefined && !count(entry.rows)) yield 'its rows are not a whole number'
  if (entry.metadata !== undefined) yield* metadataProblems(entry.metadata)
}

function* keyProblems(key: StorageKey | FilePath): Generator<string> {
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

function text(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.isWellFormed() &&
    value.length <= TEXT_BYTES &&
    Buffer.byteLength(value) <= TEXT_BYTES
  )
}

function count(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function folder(name: string): string {
  return name.slice(0, name.lastIndexOf('/') + 1)
}
