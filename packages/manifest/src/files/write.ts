import {
  type ByteSource,
  type Entry,
  type FilePath,
  type FileWriteOptions,
  folderNamespace,
  HoldfastError,
  hasCode,
  type Layout,
  MINT_BYTES,
  messageOf,
  mintKey,
  type NewEntry,
  parsePath,
  type Storage,
  type StorageKey,
} from '@holdfast/core'
import { entryProblems } from '../commit/validate.ts'
import type { Opened } from '../opened.ts'
import { skipped } from '../state/outcomes.ts'
import { refusal } from './refusals.ts'

const OPERATION = 'files.write'

/**
 * pending row -> bytes under a key of their own -> register. Nothing is listed before its bytes are durable, and
 * nothing is written that a crash would leave unknown.
 */
export async function writeFile(
  opened: Opened,
  storage: Storage,
  layout: Layout,
  path: string,
  source: ByteSource,
  options: FileWriteOptions,
): Promise<Entry> {
  const { state, committer, pending, clock, ids, failpoints } = opened
  const to = parseWritable(path, storage)
  checkOptions(opened, to, options)
  opened.writable()
  if (state.entry(to)) throw refusal(skipped('exists'), { operation: OPERATION, path: to })
  const key = mintKey(to, ids.next())
  if (state.conflict(to, key) !== undefined)
    throw refusal(skipped('conflict'), { operation: OPERATION, path: to })
  if (failpoints.armed) await failpoints.hit('files.write.before')
  await committer.local(() => pending.begin(key, clock.now()))
  if (failpoints.armed) await failpoints.hit('files.write.pending')
  let entry: NewEntry
  try {
    entry = await store(opened, storage, layout, to, key, source, options)
    if (failpoints.armed) await failpoints.hit('files.write.stored')
  } catch (error) {
    await abandon(opened, key)
    throw error
  }
  const listed = await register(opened, entry)
  if (failpoints.armed) await failpoints.hit('files.write.listed')
  return listed
}

/**
 * What the caller says of the file is judged before a byte is written.
 * @throws HF_OPTION_INVALID
 */
function checkOptions(
  { nodeId, storeId }: Opened,
  path: FilePath,
  { namespace = 'any', minTime, maxTime, rows, metadata }: FileWriteOptions,
): void {
  const problems = [
    ...entryProblems({
      path,
      key: path as string as StorageKey,
      namespace,
      size: 0,
      checksum: 'sha256:00',
      createdAt: 1,
      origin: nodeId,
      storeId,
      ...(minTime !== undefined && { minTime }),
      ...(maxTime !== undefined && { maxTime }),
      ...(rows !== undefined && { rows }),
      ...(metadata !== undefined && { metadata }),
    }),
  ]
  if (problems.length > 0)
    throw new HoldfastError('HF_OPTION_INVALID', `${path} cannot be written so: ${problems.join('; ')}`, {
      operation: OPERATION,
      context: { path, problems },
    })
}

/** A path with room for what minting adds to it. */
function parseWritable(path: string, { limits }: Storage): FilePath {
  return parsePath(path, {
    bytes: limits.keyBytes - MINT_BYTES,
    ...(limits.segmentBytes !== undefined && { segmentBytes: limits.segmentBytes - MINT_BYTES }),
  })
}

async function store(
  { nodeId, storeId, clock }: Opened,
  storage: Storage,
  layout: Layout,
  path: FilePath,
  key: StorageKey,
  source: ByteSource,
  { signal, namespace, minTime, maxTime, rows, metadata }: FileWriteOptions,
): Promise<NewEntry> {
  const written = await storage.write(key, source, {
    ifAbsent: storage.capabilities.writeIfAbsent,
    ...(signal && { signal }),
  })
  const facts = layout.parse(path)
  const times =
    minTime !== undefined || maxTime !== undefined
      ? {
          ...(minTime !== undefined && { minTime }),
          ...(maxTime !== undefined && { maxTime }),
          timesFrom: 'caller' as const,
        }
      : facts && { minTime: facts.from, maxTime: facts.to, timesFrom: 'path' as const }
  return {
    path,
    key,
    namespace: namespace ?? facts?.namespace ?? folderNamespace(path),
    size: written.size,
    checksum: written.checksum,
    createdAt: clock.now(),
    origin: nodeId,
    storeId,
    ...(written.version !== undefined && { version: written.version }),
    ...(written.changedAt > 0 && { changedAt: written.changedAt }),
    ...times,
    ...(rows !== undefined && { rows }),
    ...(metadata && { metadata }),
  }
}

async function register(opened: Opened, entry: NewEntry): Promise<Entry> {
  const { committer, state, pending } = opened
  const { path, key } = entry
  try {
    const { outcomes } = await committer.commit({ ops: [{ type: 'register', entry }] })
    if (outcomes[0]?.status === 'skipped') throw refusal(outcomes[0], { operation: OPERATION, path, key })
  } catch (error) {
    // After an unknown outcome only the log can say what became of it; here it is in this process and can be asked.
    if (!hasCode(error, 'HF_COMMIT_UNKNOWN') || state.key(key)?.state !== 'live') {
      await abandon(opened, key)
      throw error
    }
  }
  pending.forget(key)
  return state.entry(path) ?? { ...entry, generation: state.head.generation }
}

/** Sends a key that will not be listed to the eraser; if that cannot be committed now, the eraser tries again. */
async function abandon(opened: Opened, key: StorageKey): Promise<void> {
  const { pending, log } = opened
  pending.abandon(key)
  try {
    await clearAbandoned(opened)
  } catch (error) {
    log.warn({ key, cause: messageOf(error) }, 'a failed write will be cleaned up later')
  }
}

/** Tells the log of writes that failed. Nobody else may remove their bytes: they may have been listed after all. */
export async function clearAbandoned(opened: Opened): Promise<void> {
  const keys = opened.pending.abandoned()
  if (keys.length === 0) return
  await condemnUnlisted(opened, keys, 'write failed')
  for (const key of keys) opened.pending.forget(key)
}

/** Condemns keys of this node that nobody lists; those that somebody does are left alone by apply. */
export async function condemnUnlisted(
  { committer, storeId }: Opened,
  keys: readonly StorageKey[],
  reason: string,
): Promise<void> {
  await committer.commit({
    ops: keys.map((key) => ({ type: 'condemn', key, unlisted: { storeId }, delay: 0, reason })),
  })
}
