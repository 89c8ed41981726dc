import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { backendLocal } from '@holdfast/backend-local'
import { createNode, type StoreRecords } from '@holdfast/core'
import { inspectDataDir, manifest } from '@holdfast/manifest'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tempFolder } from './support.ts'

interface Place {
  readonly dataDir: string
  readonly root: string
}

const nodeOf = ({ dataDir, root }: Place) =>
  createNode({ plugins: [backendLocal({ root }), manifest({ dataDir, reserve: 0 })], log: 'silent' })

/** A node that has lived once, on the disk. */
async function lived(): Promise<Place> {
  const place = { dataDir: tempFolder(), root: tempFolder() }
  await live(place)
  return place
}

async function live(place: Place): Promise<void> {
  const node = await nodeOf(place).start()
  await node.files.write(`a/${process.hrtime.bigint()}`, 'x')
  await node.stop()
}

/** The records of a local store, without its backend. */
function recordsOf({ root }: Place): Pick<StoreRecords, 'read'> {
  return {
    read: async (name) => {
      try {
        return await readFile(join(root, '.holdfast', name))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
  }
}

const inspect = (place: Place) => inspectDataDir(place.dataDir, { records: recordsOf(place) })

/** Everything that a look could change: kind, size, times, bytes. */
function tree(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .concat('.')
    .sort()
    .map((name) => {
      const path = join(folder, name)
      const { mode, size, mtimeNs, ctimeNs, ino } = lstatSync(path, { bigint: true })
      const isFile = lstatSync(path).isFile()
      const sum = isFile ? createHash('sha256').update(readFileSync(path)).digest('hex') : ''
      return [name, mode, size, mtimeNs, ctimeNs, ino, sum].join(' ')
    })
}

describe('inspectDataDir', () => {
  it('[X-09] reads what a stopped node says about itself, and changes nothing', async () => {
    const place = await lived()
    const before = [tree(place.dataDir), tree(place.root)]
    const facts = await inspect(place)
    expect(facts).toEqual({
      lock: { state: 'absent' },
      node: { state: 'read', value: { nodeId: expect.stringContaining(hostname()) } },
      end: { state: 'read', value: { how: 'stopped' } },
      manifest: {
        state: 'read',
        value: {
          format: 4,
          position: { term: expect.any(Number), index: 1 },
          time: expect.any(Number),
          storeId: expect.any(String),
        },
      },
      store: { identity: { state: 'own' }, owner: { state: 'own' } },
    })
    expect([tree(place.dataDir), tree(place.root)]).toEqual(before)
  })

  it('[K-15] leaves a running node to itself, and names it', async () => {
    const place = await lived()
    const node = await nodeOf(place).start()
    try {
      expect(await inspect(place)).toMatchObject({
        lock: { state: 'read', value: { pid: process.pid, host: hostname(), alive: true } },
        manifest: { state: 'absent' },
      })
    } finally {
      await node.stop()
    }
  })

  it('[X-09] finds a folder that is not there, and one that no node has used, as they are', async () => {
    const [empty, root] = [tempFolder(), tempFolder()]
    const nothing = {
      lock: { state: 'absent' },
      node: { state: 'absent' },
      end: { state: 'absent' },
      manifest: { state: 'absent' },
      store: { identity: { state: 'none' } },
    }
    expect(await inspect({ dataDir: join(empty, 'nowhere'), root })).toEqual(nothing)
    expect(await inspect({ dataDir: empty, root })).toEqual(nothing)
    expect(readdirSync(empty)).toEqual([])
  })

  it('[X-09] judges the store as the next start would', async () => {
    const place = await lived()
    const other = await lived()
    const copy = tempFolder()
    cpSync(place.dataDir, copy, { recursive: true })
    await live(place)
    expect((await inspect(place)).store).toEqual({ identity: { state: 'own' }, owner: { state: 'own' } })
    expect((await inspect({ ...place, dataDir: copy })).store?.owner).toMatchObject({ state: 'behind' })
    expect((await inspect({ ...place, root: other.root })).store?.identity).toMatchObject({
      state: 'foreign',
    })
    expect((await inspect({ ...place, dataDir: tempFolder() })).store?.identity).toMatchObject({
      state: 'foreign',
    })
    rmSync(join(place.root, '.holdfast', 'owner.json'))
    expect((await inspect(place)).store?.owner).toEqual({ state: 'lost' })
    rmSync(join(place.root, '.holdfast'), { recursive: true })
    expect((await inspect(place)).store?.identity).toEqual({ state: 'lost' })
  })

  it('[X-09] knows a process that was not stopped, and a file that is smaller than it was', async () => {
    const place = await lived()
    const mark = join(place.dataDir, 'last-stop.json')
    const closed = readFileSync(mark, 'utf8')
    writeFileSync(mark, '{"format":1,"state":"open"}\n')
    expect((await inspect(place)).end).toMatchObject({ value: { how: 'not stopped' } })
    rmSync(mark)
    expect((await inspect(place)).end).toMatchObject({ value: { how: 'unknown' } })
    writeFileSync(mark, closed)
    truncateSync(join(place.dataDir, 'manifest', 'data.mdb'), 0)
    expect((await inspect(place)).end).toMatchObject({ value: { how: 'damaged' } })
  })

  it('[X-09] reads from no pipe, and gives up after its time limit', async () => {
    const place = await lived()
    execFileSync('mkfifo', [join(place.dataDir, 'lock')])
    expect((await inspect(place)).lock).toEqual({ state: 'unreadable', problem: 'it is not a file' })
    const late = { state: 'unreadable', problem: 'reading it took longer than 1 ms' }
    expect(await inspectDataDir(place.dataDir, { timeLimit: 1 })).toEqual({
      lock: late,
      node: late,
      end: late,
      manifest: late,
    })
  })

  const FILES = ['lock', 'node.json', 'last-stop.json', 'manifest/data.mdb'] as const
  const damage = fc.oneof(
    fc.record({ kind: fc.constant('bytes' as const), bytes: fc.uint8Array({ maxLength: 9000 }) }),
    fc.record({ kind: fc.constant('cut' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ kind: fc.constant('flip' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ kind: fc.constantFrom('folder' as const, 'loop' as const) }),
  )

  it('[X-09] survives whatever lies in the place of its files, and leaves it there', {
    timeout: 240_000,
  }, async () => {
    const sound = await lived()
    writeFileSync(join(sound.dataDir, 'lock'), '{"format":2}\n')
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(fc.constantFrom(...FILES), damage), {
          minLength: 1,
          selector: ([name]) => name,
        }),
        async (damages) => {
          const place = { ...sound, dataDir: join(tempFolder(), 'data') }
          cpSync(sound.dataDir, place.dataDir, { recursive: true })
          for (const [name, how] of damages) {
            const path = join(place.dataDir, name)
            const bytes = readFileSync(path)
            if (how.kind === 'bytes') writeFileSync(path, how.bytes)
            else if (how.kind === 'cut') truncateSync(path, Math.floor(bytes.length * how.part))
            else if (how.kind === 'flip') {
              const at = Math.floor((bytes.length - 1) * how.part)
              bytes[at] = (bytes[at] as number) ^ 0x55
              writeFileSync(path, bytes)
            } else {
              rmSync(path)
              if (how.kind === 'folder') mkdirSync(path)
              else symlinkSync(path, path)
            }
          }
          const before = tree(place.dataDir)
          const facts = await inspect(place)
          const states = [facts.lock, facts.node, facts.end, facts.manifest].map(({ state }) => state)
          for (const state of states)
            expect(['absent', 'read', 'damaged', 'newer', 'unreadable']).toContain(state)
          expect(tree(place.dataDir)).toEqual(before)
        },
      ),
      { numRuns: 25 },
    )
  })
})
