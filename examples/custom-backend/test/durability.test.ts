import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Backend } from '@holdfast/core'
import { openBackendSqlite } from '@holdfast/example-custom-backend'
import { recordDisk, runUntilKilled, whyNoRecording } from '@holdfast/testkit'
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest'

const LIFE = new URL('life.ts', import.meta.url)
/** Beside the acknowledgements, the power is cut after each so many system calls: a prime, so that none of their kinds is left out. */
const CUT_EACH = 23

/** For small files that live many lives: a cut shows what was synced, so that no disk is needed. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

function temporaryFolder(where = tmpdir()): string {
  const folder = mkdtempSync(join(where, 'holdfast-sqlite-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function open(file: string): Backend {
  const backend = openBackendSqlite({ file })
  onTestFinished(() => backend.stop?.())
  return backend
}

async function keysOf(backend: Backend): Promise<string[]> {
  const keys: string[] = []
  for await (const page of backend.list()) keys.push(...page.keys)
  return keys
}

/** Reads an object to its end and gives its size. */
async function readThrough(backend: Backend, key: string): Promise<number> {
  let size = 0
  for await (const piece of await backend.read(key)) size += piece.length
  return size
}

function chunksIn(file: string): number {
  const db = new DatabaseSync(file)
  try {
    return Number(db.prepare('SELECT count(*) AS n FROM chunks').get()?.n)
  } finally {
    db.close()
  }
}

/** Skipped where nothing can be recorded, which is no pass; under CI it fails. */
function mustRecord(context: TestContext): void {
  const why = whyNoRecording()
  if (why === undefined) return
  if (process.env.CI === 'true') throw new Error(why)
  context.skip(`did not run: ${why}`)
}

const said = (stdout: string, what: string) =>
  stdout.split('\n').flatMap((line) => (line.startsWith(`${what} `) ? [line.slice(what.length + 1)] : []))

describe('a process that dies', () => {
  it('[B-02] in the middle of a large write leaves nothing visible, and the next start takes away its chunks', async () => {
    const file = join(temporaryFolder(), 'files.db')
    expect(await runUntilKilled(LIFE, { args: [file, 'endless'], after: 50 })).toMatchObject({ killed: true })
    expect(chunksIn(file)).toBeGreaterThan(0)
    const backend = open(file)
    expect(await backend.stat('endless')).toBeUndefined()
    expect(await keysOf(backend)).toEqual([])
    await backend.stop?.()
    expect(chunksIn(file)).toBe(0)
  })

  it('[B-02] has kept all that it acknowledged', async () => {
    const file = join(temporaryFolder(), 'files.db')
    const { stdout } = await runUntilKilled(LIFE, { args: [file, 'many'], after: 200 })
    const keys = said(stdout, 'written')
    expect(keys.length).toBeGreaterThan(0)
    const backend = open(file)
    for (const key of keys) expect(await readThrough(backend, key)).toBe(1000)
  })
})

describe('a power cut', () => {
  it('[B-02] at any moment takes nothing of what was acknowledged, brings nothing back, and leaves whole objects', {
    timeout: 120_000,
  }, async (context) => {
    mustRecord(context)
    const folder = temporaryFolder(MEMORY)
    const { steps, cut } = await recordDisk(LIFE, { folder, args: [join(folder, 'files.db'), 'some'] })
    // What is there after each acknowledgement: five writes, two deletes.
    const left = ['', '0', '0,1', '1', '1,2', '1,2,3', '1,3', '1,3,4']
    let acknowledged = 0
    for (const [number, { kind }] of steps.entries()) {
      if (kind === 'say') acknowledged++
      else if (number % CUT_EACH !== 0) continue
      const after = join(temporaryFolder(MEMORY), 'after')
      mkdirSync(after)
      cut(number, after)
      const backend = open(join(after, 'files.db'))
      const keys = await keysOf(backend)
      // What is under way may have come to its end.
      expect(left.slice(acknowledged, acknowledged + (kind === 'say' ? 1 : 2))).toContain(
        keys.map((key) => key.slice(4)).join(),
      )
      for (const key of keys) expect(await readThrough(backend, key)).toBe(Number(key.slice(4)) * 80_000)
      await backend.stop?.()
    }
    expect(acknowledged).toBe(left.length - 1)
  })
})

describe('one file', () => {
  it('[B-02] is refused to a second process, and to a second node of this one, while the first has it', async () => {
    const file = join(temporaryFolder(), 'files.db')
    const first = open(file)
    await first.write('key', new Uint8Array(3))
    expect(() => openBackendSqlite({ file })).toThrow(
      expect.objectContaining({ code: 'HF_BACKEND', kind: 'conflict' }),
    )
    await expect(runUntilKilled(LIFE, { args: [file, 'many'], after: 0 })).rejects.toThrow(
      /HF_BACKEND: .*files\.db, which one process at a time may have: database is locked/,
    )
    await first.stop?.()
    expect(await keysOf(open(file))).toEqual(['key'])
  })

  it('[B-06] that cannot be opened is named, with what it needs', () => {
    const file = join(temporaryFolder(), 'no folder', 'files.db')
    expect(() => openBackendSqlite({ file })).toThrow(
      expect.objectContaining({
        kind: 'unavailable',
        message: expect.stringContaining(`${file}, whose folder must be there`),
      }),
    )
  })

  it('[B-02] keeps the bytes of an object for those who read it, and no longer', async () => {
    const file = join(temporaryFolder(), 'files.db')
    const backend = open(file)
    await backend.write('key', new Uint8Array(1_000_000))
    const reader = (await backend.read('key'))[Symbol.asyncIterator]()
    await reader.next()
    await backend.write('key', new Uint8Array(5))
    await backend.delete([{ key: 'key' }])
    let size = 256 * 1024
    for (let next = await reader.next(); !next.done; next = await reader.next()) size += next.value.length
    expect(size).toBe(1_000_000)
    await backend.stop?.()
    expect(chunksIn(file)).toBe(0)
  })

  it('[B-02] that is no database, or lies in no folder, is told as such', () => {
    const folder = temporaryFolder()
    expect(() => openBackendSqlite({ file: LIFE.pathname })).toThrow(
      expect.objectContaining({ kind: 'corrupt' }),
    )
    expect(() => openBackendSqlite({ file: join(folder, 'none', 'files.db') })).toThrow(
      expect.objectContaining({ kind: 'unavailable' }),
    )
    expect(() => openBackendSqlite({ file: ':memory:' })).toThrow(
      expect.objectContaining({ kind: 'unsupported' }),
    )
  })
})
