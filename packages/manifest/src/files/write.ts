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
  mintKey,
  type NewEntry,
  parsePath,
  type Storage,
  type StorageKey,
} from '@holdfast/core'
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
    const result = await committer.commit({ ops: [{ type: 'register', entry }] })
    const [outcome] = result.outcomes
    if (outcome?.status === 'skipped') {
      await abandon(opened, key)
      throw refusal(outcome, { operation: OPERATION, path, key })
    }
    pending.forget(key)
  } catch (error) {
    // Only the log can say what became of it; here it is in this process, so it can be asked at once.
    if (!hasCode(error, 'HF_COMMIT_UNKNOWN')) {
      if (hasCode(error, 'HF_BATCH_INVALID') || hasCode(error, 'HF_COMMIT_FAILED')) await abandon(opened, key)
      throw error
    }
    if (state.key(key)?.state !== 'live') {
      await abandon(opened, key)
      throw error
    }
    pending.forget(key)
  }
  return state.entry(path) ?? ({ ...entry, generation: state.head.generation } satisfies Entry)
}

/**
 * Sends a key that will not be listed to the eraser. If even that cannot be committed, its pending row stays and the
 * next start does it.
 */
async function abandon(opened: Opened, key: StorageKey): Promise<void> {
  try {
    await condemnUnlisted(opened, [key], 'write failed')
    opened.pending.forget(key)
  } catch (error) {
    opened.log.warn(
      { key, cause: error instanceof HoldfastError ? error.code : String(error) },
      'a failed write is cleaned up at the next start',
    )
  }
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
