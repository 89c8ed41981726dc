import { copyFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { backendLocal } from '@holdfast/backend-local'
import { createNode, FailpointRegistry, type HoldfastNode, type Logger } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { FakeClock } from '@holdfast/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CONDEMNED, GONE, LISTED, T0 } from '../fixtures/content.ts'
import { listed, read, storedRows, tempFolder } from '../support.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url))
const PRESENT = 4
/** Of the files beside the store. */
const CONTROL = 2
const FORMATS = readdirSync(FIXTURES)
  .filter((name) => /^format-\d+$/.test(name))
  .map((name) => Number(name.slice('format-'.length)))
  .sort()

/** A fixture, where it can be written to. */
function copyOf(format: number): string {
  const folder = tempFolder()
  cpSync(join(FIXTURES, `format-${format}`), folder, { recursive: true })
  return folder
}

/** Remembers what is said at level warn. */
function listener(): Logger & { readonly said: object[] } {
  const said: object[] = []
  const log = {
    said,
    debug: () => undefined,
    info: () => undefined,
    warn: (facts: unknown) => void said.push(facts as object),
    error: () => undefined,
    child: () => log,
  }
  return log as never
}

function nodeIn(
  folder: string,
  options: { log?: Logger; failpoints?: FailpointRegistry } = {},
): HoldfastNode {
  const node = createNode({
    plugins: [backendLocal({ root: join(folder, 'files') }), manifest({ dataDir: join(folder, 'data') })],
    clock: new FakeClock(T0),
    log: 'silent',
    ...options,
  })
  onTestFinished(() => node.stop())
  return node
}

const recordsOf = (folder: string) => ({
  node: join(folder, 'data', 'node.json'),
  store: join(folder, 'files', '.holdfast', 'store.json'),
  owner: join(folder, 'files', '.holdfast', 'owner.json'),
})
const formatOf = (file: string) => (JSON.parse(readFileSync(file, 'utf8')) as { format: number }).format

/** Every file below a folder, except what LMDB keeps for the processes of the moment. */
function bytesBelow(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    names
      // LMDB's own lock, and what a start notes of itself.
      .filter((entry) => entry.isFile() && !['lock.mdb', 'last-stop.json'].includes(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file, readFileSync(file, 'base64')]),
  )
}

describe('what earlier versions have written', () => {
  it('[M-22] there is a fixture of every format, the present one among them', () => {
    expect(FORMATS).toEqual(Array.from({ length: PRESENT }, (_, at) => at + 1))
  })

  for (const format of FORMATS) {
    it(`[M-22] format ${format} is opened with all that is in it, and upgraded visibly`, async () => {
      const folder = copyOf(format)
      const files = recordsOf(folder)
      const storeRecord = readFileSync(files.store, 'utf8')
      const log = listener()
      const node = await nodeIn(folder, { log }).start()
      const authority = node.service('manifest')
      expect(node.id).toBe('node-1')
      expect(await listed(node.files)).toEqual([...LISTED].sort())
      for (const path of LISTED) expect(await read(node.files, path)).toBe(path)
      expect(authority.condemned().items.map(({ entry }) => entry?.path)).toEqual(CONDEMNED)
      for (const path of GONE) await expect(node.files.read(path)).rejects.toThrow()
      expect(authority.check()).toEqual([])
      expect(await node.gate.check({ action: 'erase', actor: 'user' })).toMatchObject({ allowed: true })
      const isOld = format < PRESENT
      expect(authority.status()).toEqual({ format: PRESENT, ...(isOld && { upgradedFrom: format }) })
      if (isOld) expect(log.said).toContainEqual({ from: format, to: PRESENT })
      await node.stop()
      expect([formatOf(files.node), formatOf(files.owner)]).toEqual([CONTROL, CONTROL])
      // It is written once; what says whose the store is, is not touched without need.
      expect(readFileSync(files.store, 'utf8')).toBe(storeRecord)
      const again = await nodeIn(folder).start()
      expect(again.service('manifest').status()).toEqual({ format: PRESENT })
      expect(await again.gate.check({ action: 'erase', actor: 'user' })).toMatchObject({ allowed: true })
    })

    it(`[M-22] a lock of format ${format} is honoured`, async () => {
      const folder = copyOf(format)
      copyFileSync(join(folder, 'lock'), join(folder, 'data', 'lock'))
      await expect(nodeIn(folder).start()).rejects.toMatchObject({
        code: 'HF_DATADIR_IN_USE',
        context: { host: 'elsewhere' },
      })
    })
  }

  it('[M-22] an upgrade is one transaction: what ends before it has changed nothing', async () => {
    const folder = copyOf(1)
    const store = join(folder, 'data', 'manifest', 'data.mdb')
    const before = readFileSync(store, 'base64')
    const failpoints = new FailpointRegistry()
    const node = nodeIn(folder, { failpoints })
    failpoints.arm('start.life.before', { kind: 'error' })
    await expect(node.start()).rejects.toMatchObject({ code: 'HF_FAILPOINT' })
    expect(readFileSync(store, 'base64')).toBe(before)
    const next = nodeIn(folder, { failpoints })
    failpoints.arm('start.life.after', { kind: 'error' })
    await expect(next.start()).rejects.toMatchObject({ code: 'HF_FAILPOINT' })
    const last = await nodeIn(folder).start()
    expect(last.service('manifest').status()).toEqual({ format: PRESENT })
    expect(await last.gate.check({ action: 'erase', actor: 'user' })).toMatchObject({ allowed: true })
  })

  it('[M-22] a copy of an old data folder is told from its store as well', async () => {
    const folder = copyOf(1)
    const copy = tempFolder()
    cpSync(join(folder, 'data'), copy, { recursive: true })
    const node = await nodeIn(folder).start()
    await node.files.write('a/x', 'x')
    await node.stop()
    cpSync(copy, join(folder, 'data'), { recursive: true })
    const back = await nodeIn(folder).start()
    expect(await back.gate.check({ action: 'erase', actor: 'user' })).toMatchObject({
      allowed: false,
      reason: 'manifest_behind',
    })
  })
})

describe('what later versions have written', () => {
  for (const name of ['node', 'store', 'owner'] as const)
    it(`[M-22] ${name}.json of a later format is refused and left as it is`, async () => {
      const folder = copyOf(PRESENT)
      const file = recordsOf(folder)[name]
      const record = JSON.parse(readFileSync(file, 'utf8')) as object
      const later = JSON.stringify({ ...record, format: CONTROL + 1, sum: { of: 'another kind' } })
      writeFileSync(file, later)
      for (let life = 0; life < 2; life++)
        await expect(nodeIn(folder).start()).rejects.toMatchObject({ code: 'HF_FORMAT_NEWER' })
      expect(readFileSync(file, 'utf8')).toBe(later)
    })

  it('[M-22] a lock of a later format is refused and left as it is', async () => {
    const folder = copyOf(PRESENT)
    const file = join(folder, 'data', 'lock')
    writeFileSync(file, JSON.stringify({ format: CONTROL + 1 }))
    const before = bytesBelow(folder)
    await expect(nodeIn(folder).start()).rejects.toMatchObject({ code: 'HF_FORMAT_NEWER' })
    expect(bytesBelow(folder)).toEqual(before)
  })

  it('[M-22] a store of a later format is refused, and nothing anywhere is changed', async () => {
    const folder = copyOf(PRESENT)
    const rows = storedRows(join(folder, 'data'))
    const name = Buffer.from('Nformat')
    await rows.put(name, await sealed(name, Buffer.from([PRESENT + 1])))
    await rows.close()
    const before = bytesBelow(folder)
    await expect(nodeIn(folder).start()).rejects.toMatchObject({ code: 'HF_FORMAT_NEWER' })
    expect(bytesBelow(folder)).toEqual(before)
  })
})

/** A value as the manifest seals it: payload, then the XXH64 of name and payload. */
async function sealed(name: Buffer, payload: Buffer): Promise<Buffer> {
  const { default: xxhash } = await import('xxhash-wasm')
  const sum = Buffer.alloc(8)
  sum.writeBigUInt64BE((await xxhash()).h64Raw(Buffer.concat([name, payload])))
  return Buffer.concat([payload, sum])
}
