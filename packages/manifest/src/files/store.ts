import {
  type ByteSource,
  type CallOptions,
  type FileFacts,
  type FilePath,
  folderNamespace,
  HoldfastError,
  hasCode,
  type Layout,
  MINT_BYTES,
  mintKey,
  type NewEntry,
  type Op,
  type OpOutcome,
  parsePath,
  type Storage,
  type StorageKey,
} from '@holdfast/core'
import { count, entryProblems } from '../commit/validate-entry.ts'
import type { Opened } from '../opened.ts'
import { abandon } from './unlisted.ts'

/** What writing needs besides the open manifest. */
export interface StoreParts {
  readonly storage: Storage
  readonly layout: Layout
}

/** A file that is about to be written, under a key of its own. */
export interface Output {
  readonly path: FilePath
  readonly key: StorageKey
  readonly source: ByteSource
  readonly facts: FileFacts
}

/**
 * Judges what the caller says of a file before a byte is written. The path must leave room for what minting adds to it.
 * @throws HF_PATH_INVALID, HF_OPTION_INVALID
 */
export function parseOutput(
  { ids, nodeId, storeId }: Opened,
  { storage: { limits } }: StoreParts,
  path: string,
  source: ByteSource | string,
  given: FileFacts & { readonly delay?: number },
): Output {
  const to = parsePath(path, {
    bytes: limits.keyBytes - MINT_BYTES,
    ...(limits.segmentBytes !== undefined && { segmentBytes: limits.segmentBytes - MINT_BYTES }),
  })
  const facts = factsOf(given)
  const problems = [
    ...entryProblems({
      namespace: 'any',
      ...facts,
      path: to,
      key: to as string as StorageKey,
      size: 0,
      checksum: 'sha256:00',
      createdAt: 1,
      origin: nodeId,
      storeId,
    }),
  ]
  if (given.delay !== undefined && !count(given.delay))
    problems.push('its delay is not a whole number of milliseconds')
  if (problems.length > 0) throw unusable(to, problems)
  const bytes = typeof source === 'string' ? Buffer.from(source) : source
  return { path: to, key: mintKey(to, ids.next()), source: bytes, facts }
}

export function unusable(path: FilePath, problems: readonly string[]): HoldfastError {
  return new HoldfastError('HF_OPTION_INVALID', `${path} cannot be written so: ${problems.join('; ')}`, {
    operation: 'files',
    context: { path, problems },
  })
}

function factsOf({ namespace, minTime, maxTime, rows, metadata }: FileFacts): FileFacts {
  return {
    ...(namespace !== undefined && { namespace }),
    ...(minTime !== undefined && { minTime }),
    ...(maxTime !== undefined && { maxTime }),
    ...(rows !== undefined && { rows }),
    ...(metadata !== undefined && { metadata }),
  }
}

/**
 * pending rows -> bytes, each under its key. When it resolves they are durable and not yet listed; nothing is written
 * that a crash would leave unknown.
 */
export async function storeOutputs(
  opened: Opened,
  parts: StoreParts,
  outputs: readonly Output[],
  { signal }: CallOptions,
): Promise<NewEntry[]> {
  const { committer, pending, clock, failpoints } = opened
  if (failpoints.armed) await failpoints.hit('files.write.before')
  await committer.local(() => {
    for (const { key } of outputs) pending.begin(key, clock.now())
  })
  if (failpoints.armed) await failpoints.hit('files.write.pending')
  try {
    const entries: NewEntry[] = []
    for (const output of outputs) entries.push(await storeOne(opened, parts, output, signal))
    if (failpoints.armed) await failpoints.hit('files.write.stored')
    return entries
  } catch (error) {
    await abandon(
      opened,
      outputs.map(({ key }) => key),
    )
    throw error
  }
}

async function storeOne(
  { nodeId, storeId, clock }: Opened,
  { storage, layout }: StoreParts,
  { path, key, source, facts }: Output,
  signal: AbortSignal | undefined,
): Promise<NewEntry> {
  const written = await storage.write(key, source, {
    ifAbsent: storage.capabilities.writeIfAbsent,
    ...(signal && { signal }),
  })
  const seen = layout.parse(path)
  const timed = facts.minTime !== undefined || facts.maxTime !== undefined
  const times = timed
    ? { timesFrom: 'caller' as const }
    : seen && { minTime: seen.from, maxTime: seen.to, timesFrom: 'path' as const }
  return {
    namespace: seen?.namespace ?? folderNamespace(path),
    ...times,
    ...facts,
    path,
    key,
    size: written.size,
    checksum: written.checksum,
    createdAt: clock.now(),
    origin: nodeId,
    storeId,
    ...(written.version !== undefined && { version: written.version }),
    ...(written.changedAt > 0 && { changedAt: written.changedAt }),
  }
}

/**
 * Commits the op that lists what was stored. After an unknown outcome only the log can say what became of it; here it is
 * in this process and can be asked: then there is no outcome, and it is listed.
 */
export async function commitOutputs(
  opened: Opened,
  op: Op,
  keys: readonly StorageKey[],
): Promise<OpOutcome | undefined> {
  const { committer, state } = opened
  try {
    const { outcomes } = await committer.commit({ ops: [op] })
    return outcomes[0]
  } catch (error) {
    const [first] = keys
    if (hasCode(error, 'HF_COMMIT_UNKNOWN') && first !== undefined && wasListed(state.key(first))) return
    await abandon(opened, keys)
    throw error
  }
}

function wasListed(known: ReturnType<Opened['state']['key']>): boolean {
  return known?.state === 'live' || (known !== undefined && 'entry' in known && known.entry !== undefined)
}
