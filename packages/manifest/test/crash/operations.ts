import type { HoldfastNode, StorageKey } from '@holdfast/core'

/**
 * Every durable operation of a node, one at a time, over the files that `prepare` has made. A plain write is killed at
 * every point of it by failpoints.test.ts.
 */

const DAY = 86_400_000
const contentOf = (path: string, version: number) => `${path}\n`.repeat(version)
const pathOf = (name: string, hour = 12) => `ops/2026/01/01/${String(hour).padStart(2, '0')}/${name}.txt`

const [PLAIN, UNDONE, REPLACED, PURGED, HELD, FREED, OLD, NEW] = [
  ...['plain', 'undone', 'replaced', 'purged', 'held', 'freed'].map((name) => pathOf(name)),
  pathOf('old', 1),
  pathOf('new'),
] as [string, string, string, string, string, string, string, string]
const PARTS = [pathOf('part-1'), pathOf('part-2')] as const
const EXPIRY = Date.UTC(2026, 0, 1, 3)

export async function prepare(node: HoldfastNode): Promise<void> {
  const { files } = node
  for (const path of [PLAIN, UNDONE, REPLACED, PURGED, HELD, FREED, OLD, ...PARTS])
    await files.write(path, contentOf(path, 1))
  for (const path of [UNDONE, PURGED]) await files.delete(path, { delay: DAY })
  await files.write(REPLACED, contentOf(REPLACED, 2), { delay: DAY })
  await node.service('manifest').holds.hold({ id: 'old', owner: 'ada', scope: { path: FREED } })
}

export interface Operation {
  /** Asks for it; resolves when it is acknowledged. */
  readonly ask: (node: HoldfastNode) => Promise<unknown>
  /** Whether a node shows that it was done: whoever was told so must find it so for ever. */
  readonly isDone: (node: HoldfastNode) => Promise<boolean>
}

const sizeOf = async ({ files }: HoldfastNode, path: string) => (await files.stat(path))?.size
const sizeAt = (path: string, version: number) => contentOf(path, version).length
const isGone = async (node: HoldfastNode, path: string) => (await node.files.stat(path)) === undefined
const manifestOf = (node: HoldfastNode) => node.service('manifest')

async function condemnedKey({ files }: HoldfastNode, path: string) {
  for await (const found of files.condemned({ prefix: path })) return found
  return undefined
}

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  overwrite: {
    ask: ({ files }) => files.write(PLAIN, contentOf(PLAIN, 2), { delay: 0 }),
    isDone: async (node) => (await sizeOf(node, PLAIN)) === sizeAt(PLAIN, 2),
  },
  compact: {
    ask: ({ files }) =>
      files.replace({ inputs: PARTS, outputs: [{ path: NEW, source: contentOf(NEW, 3) }], delay: 0 }),
    isDone: async (node) => (await sizeOf(node, NEW)) === sizeAt(NEW, 3),
  },
  delete: {
    ask: ({ files }) => files.delete(PLAIN, { delay: 0 }),
    isDone: (node) => isGone(node, PLAIN),
  },
  'delete later': {
    ask: ({ files }) => files.delete(PLAIN, { delay: DAY }),
    isDone: (node) => isGone(node, PLAIN),
  },
  purge: {
    async ask(node) {
      const { key, generation } = (await condemnedKey(node, PURGED)) ?? {}
      if (key === undefined || generation === undefined) throw new Error('nothing to purge')
      await manifestOf(node).commit({
        ops: [{ type: 'condemn', key: key as StorageKey, generation, delay: 0, reason: 'purged' }],
      })
    },
    async isDone(node) {
      const found = await condemnedKey(node, PURGED)
      return found === undefined || found.notBefore < Date.now() + DAY / 2
    },
  },
  undo: {
    ask: ({ files }) => files.undo(UNDONE),
    isDone: async (node) => (await sizeOf(node, UNDONE)) === sizeAt(UNDONE, 1),
  },
  'undo of an overwrite': {
    async ask(node) {
      const { replacement = 0 } = (await condemnedKey(node, REPLACED)) ?? {}
      await node.files.undo({ replacement }, { delay: 0 })
    },
    isDone: async (node) => (await sizeOf(node, REPLACED)) === sizeAt(REPLACED, 1),
  },
  update: {
    ask: ({ files }) => files.update(PLAIN, { namespace: 'other' }),
    isDone: async ({ files }) => (await files.stat(PLAIN))?.namespace === 'other',
  },
  hold: {
    ask: (node) => manifestOf(node).holds.hold({ id: 'new', owner: 'ada', scope: { path: HELD } }),
    isDone: async (node) =>
      manifestOf(node)
        .holds.list()
        .some(({ id }) => id === 'new'),
  },
  release: {
    ask: (node) => manifestOf(node).holds.release('old'),
    isDone: async (node) =>
      !manifestOf(node)
        .holds.list()
        .some(({ id }) => id === 'old'),
  },
  set: {
    ask: (node) => manifestOf(node).commit({ ops: [{ type: 'set', name: 'policy', value: { days: 90 } }] }),
    isDone: async (node) => manifestOf(node).setting('policy') !== undefined,
  },
  role: {
    ask: (node) =>
      manifestOf(node).commit({ ops: [{ type: 'role', name: 'tester', holder: 'node-1', epoch: 1 }] }),
    isDone: async (node) => manifestOf(node).role('tester')?.epoch === 1,
  },
  expire: {
    async ask(node) {
      const { outcome } = await node.jobs.run('expiry', { before: EXPIRY, act: true })
      if (outcome.status !== 'completed') throw new Error(`expiry ended with ${JSON.stringify(outcome)}`)
    },
    isDone: (node) => isGone(node, OLD),
  },
}
