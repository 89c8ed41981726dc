import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createNode, type HoldfastNode } from '@holdfast/core'
import { standalone } from 'holdfast'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Act } from '../act.ts'
import { ALL, type Counts, EXPIRED, KEPT, LAST_PATH } from '../expected.ts'

const FLAGS = ['--conditions=holdfast-source']
const folder = mkdtempSync(join(tmpdir(), 'holdfast-flights-'))

afterAll(() => rmSync(folder, { recursive: true }))

interface Start {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly ms: number
  /** The files in the store, by their names: a file that is written anew has a new name. */
  readonly stored: readonly string[]
}

/** The program as a user starts it. */
async function start(): Promise<Start> {
  const began = performance.now()
  const args = [...FLAGS, fileURLToPath(new URL('../flights.ts', import.meta.url)), '--data', folder]
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, (_, stdout, stderr) => {
      const ms = performance.now() - began
      resolve({ code: child.exitCode ?? -1, stdout, stderr, ms, stored: storedFiles() })
    })
  })
}

/** Kills a life of the node by force when it has written this many files, and gives the signal that ended it. */
async function killWhileWriting(files: number): Promise<NodeJS.Signals | null> {
  const child = fork(fileURLToPath(new URL('../life.ts', import.meta.url)), [folder], { execArgv: FLAGS })
  child.on('message', (message) => {
    const act = message as Act
    if (act.act === 'writing' && act.done === files) child.kill('SIGKILL')
  })
  const [, signal] = await once(child, 'exit')
  return signal
}

function storedFiles(): string[] {
  return readdirSync(join(folder, 'files'), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .filter((path) => !path.includes('.holdfast'))
    .sort()
}

async function openNode(): Promise<HoldfastNode> {
  const plugins = standalone({ dataDir: join(folder, 'node'), root: join(folder, 'files') })
  return createNode({ plugins, log: 'silent' }).start()
}

/** The cells of a table's row, by the words that it begins with. */
function row(stdout: string, name: string): (number | string)[] {
  const line = stdout.split('\n').find((line) => line.startsWith(`${name}  `)) ?? ''
  return line
    .slice(name.length)
    .trim()
    .split(/ +/)
    .map((cell) => Number(cell.replaceAll(',', '')))
}

function cells({ hours, rows, bytes }: Counts): number[] {
  return [hours, rows, bytes]
}

describe('a start after one that was killed while it wrote', () => {
  let first: Start

  beforeAll(async () => {
    expect(await killWhileWriting(500)).toBe('SIGKILL')
    first = await start()
  }, 180_000)

  test('ends well', () => {
    expect(first).toMatchObject({ code: 0 })
  })

  test('has taken in every flight, expired the old half and kept the rest', () => {
    expect(row(first.stdout, 'written')).toEqual(cells(ALL))
    expect(row(first.stdout, 'expired')).toEqual(cells(EXPIRED))
    expect(row(first.stdout, 'kept')).toEqual(cells(KEPT))
  })

  test('was killed after 2,000 condemned files, and did the rest after its restart', () => {
    const { signal, before, after } = JSON.parse(readFileSync(join(folder, 'kill.json'), 'utf8'))
    expect(signal).toBe('SIGKILL')
    expect(before.condemned).toBe(2000)
    expect(after.condemned).toBe(EXPIRED.hours - 2000)
    expect(before.erased + after.erased).toBe(EXPIRED.hours)
    expect(row(first.stdout, 'before SIGKILL')).toEqual([before.condemned, before.erased])
    expect(row(first.stdout, 'after the restart')).toEqual([after.condemned, after.erased])
  })

  test('has rehearsed before anything went: asked, tried, and taken back', () => {
    const { stdout } = first
    for (const line of [
      'explain   flights/us/2001/01/01/00/flights.parquet: policy flights lets it go, older than maxAge',
      'simulate  with a maxAge of 30 days 3,562 files would go, rather than 2,126',
      'plan      2,126 files',
      'hold      flights/us/2001/01/01: a new plan leaves its 23 files alone',
      'cap of 10: 10 files condemned, 23 skipped as held',
      'undo      of that run: 10 files are back, which policy flights had taken',
    ])
      expect(stdout).toContain(line)
  })

  test('leaves the files in the store that it lists, and no others', async () => {
    await using node = await openNode()
    const keys: string[] = []
    for await (const { key } of node.files.list()) keys.push(join(folder, 'files', key))
    expect(keys).toHaveLength(KEPT.hours)
    expect(first.stored).toEqual(keys.sort())
    expect(await node.files.stat(LAST_PATH)).toMatchObject({ namespace: 'flights/us', timesFrom: 'caller' })
  })

  describe('started once more', () => {
    let second: Start
    let changes: [before: unknown, after: unknown]

    beforeAll(async () => {
      const before = await head()
      second = await start()
      changes = [before, await head()]
    }, 60_000)

    async function head(): Promise<unknown> {
      await using node = await openNode()
      return node.service('manifest').head()
    }

    test('ends well, with the same tables', () => {
      expect(second).toMatchObject({ code: 0 })
      expect(tables(second)).toBe(tables(first))
      expect(tables(first)).toContain('before SIGKILL')
    })

    test('writes and erases nothing', () => {
      expect(second.stored).toEqual(first.stored)
      expect(changes[1]).toEqual(changes[0])
    })

    test('does not read the flights again', () => {
      expect(second.ms).toBeLessThan(first.ms / 2)
    })

    test('says so when the store holds a file that is not listed', async () => {
      const stray = join(folder, 'files', 'stray')
      writeFileSync(stray, '')
      const { code, stderr } = await start()
      rmSync(stray)
      expect(code).toBe(1)
      expect(stderr).toContain('not listed: 1, such as stray')
    })

    test('says so when a file does not hold what was written', async () => {
      writeFileSync(second.stored[0]!, 'other')
      const { code, stderr } = await start()
      expect(code).toBe(1)
      expect(stderr).toContain('HF_BYTES_CORRUPT')
    })
  })
})

/** From the first empty line on. */
function tables({ stdout }: Start): string {
  return stdout.slice(stdout.indexOf('\n\n'))
}
