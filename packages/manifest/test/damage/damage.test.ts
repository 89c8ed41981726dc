import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { checkDataDir } from '@holdfast/manifest'
import { runUntilCrash } from '@holdfast/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { damagedCopy, damagesOf, dataFile, nodeIn, valuesOf } from './node.ts'

const LIMIT_MS = 300_000
const [MAKE, TRY, REST] = ['make.ts', 'try.ts', 'rest.ts'].map((name) => new URL(name, import.meta.url)) as [
  URL,
  URL,
  URL,
]
const FLIPS = 200
const TRUNCATIONS = 10
const LANES = 2

let scratch: string
let env: Readonly<Record<string, string>>
/** The folder of a node that was killed, and of one that was stopped. */
let killed: string
let stopped: string
let expected: readonly string[]

beforeAll(async () => {
  const memory = '/dev/shm'
  scratch = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'holdfast-damage-'))
  // Compiled sources, shared by the many processes.
  env = { NODE_COMPILE_CACHE: join(scratch, 'cache') }
  killed = join(scratch, 'killed')
  stopped = join(scratch, 'stopped')
  await runUntilCrash(MAKE, { args: [killed], at: 'mark.closed.before', env })
  cpSync(killed, stopped, { recursive: true })
  const node = await nodeIn(stopped).start()
  await node.stop()
  // Each start writes, so what a third one sees is what the second left.
  cpSync(stopped, join(scratch, 'reference'), { recursive: true })
  const again = await nodeIn(join(scratch, 'reference')).start()
  expected = valuesOf(again)
  await again.stop()
  writeFileSync(join(scratch, 'expected'), expected.join('\n'))
}, LIMIT_MS)
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe('a damaged data file', { timeout: LIMIT_MS }, () => {
  it(`[X-09] after an unclean stop: ${FLIPS} flipped bits and ${TRUNCATIONS} truncations are each harmless, or named with the way out, twice`, async () => {
    const lanes = await Promise.all(
      Array.from({ length: LANES }, (_, lane) =>
        runUntilCrash(TRY, {
          args: [killed, scratch, FLIPS, TRUNCATIONS, lane, LANES].map(String),
          env,
          timeLimit: LIMIT_MS,
        }),
      ),
    )
    const results = lanes
      .flatMap(({ stdout }) => stdout.trim().split('\n'))
      .map((line) => line.split(' ') as [string, string, string, string])
    expect(results).toHaveLength(FLIPS + TRUNCATIONS)
    const odd = results.filter(
      ([, first, second]) =>
        !(first === 'sound' && second === 'not') && !(first === 'HF_MANIFEST_CORRUPT' && second === first),
    )
    expect(odd).toEqual([])
    const refused = results.filter(([, first]) => first === 'HF_MANIFEST_CORRUPT')
    expect(refused.length).toBeGreaterThan(50)
    // Quick: the second start does not look again.
    const times = refused.map(([, , , time]) => Number(time)).sort((a, b) => a - b)
    expect(times[Math.floor(times.length / 2)]).toBeLessThan(100)
  })

  it('[X-09] at rest, after a clean stop: no reader gets a wrong value, and a process that dies of it is followed by one that names it', async () => {
    const known = new Set(expected.filter((line) => !line.startsWith('head')))
    const deaths: string[] = []
    let values = 0
    for (const [number, damage] of damagesOf(statSync(dataFile(stopped)).size, 30, 2).entries()) {
      const folder = join(scratch, 'rest')
      damagedCopy(stopped, folder, damage)
      const first = await run(REST, folder)
      const said = first.output.split('\n').filter((line) => /^(entry|condemned|namespace) /.test(line))
      values += said.length
      expect([number, said.filter((line) => !known.has(line))]).toEqual([number, []])
      expect([number, first.output]).not.toEqual([number, expect.stringContaining('uncoded')])
      if (first.signal === null) continue
      deaths.push(first.signal)
      const second = await run(REST, folder)
      expect([number, second]).toEqual([number, { signal: null, output: 'HF_MANIFEST_CORRUPT\n' }])
    }
    expect(values).toBeGreaterThan(expected.length)
  })

  it('[X-09] of length 0, or gone, is not taken for a new manifest', async () => {
    const folder = join(scratch, 'empty')
    for (const base of [killed, stopped]) {
      damagedCopy(base, folder, { length: 0 })
      await expect(nodeIn(folder).start()).rejects.toMatchObject({ code: 'HF_MANIFEST_CORRUPT' })
      rmSync(dataFile(folder))
      await expect(nodeIn(folder).start()).rejects.toMatchObject({ code: 'HF_MANIFEST_CORRUPT' })
      // The way out that the error names.
      cpSync(base, folder, { recursive: true, force: true })
      const node = await nodeIn(folder).start()
      expect(valuesOf(node).slice(1)).toEqual(expected.slice(1))
      await node.stop()
    }
  })

  it('[X-09] in the journal is named as such, and the way out keeps every file', async () => {
    const folder = join(scratch, 'journal')
    cpSync(killed, folder, { recursive: true })
    writeFileSync(join(folder, 'data', 'journal', 'data.mdb'), Buffer.alloc(8192, 7))
    for (let time = 0; time < 2; time++)
      await expect(nodeIn(folder).start()).rejects.toMatchObject({ code: 'HF_JOURNAL_CORRUPT' })
    rmSync(join(folder, 'data', 'journal'), { recursive: true })
    const node = await nodeIn(folder).start()
    expect(valuesOf(node).slice(1)).toEqual(expected.slice(1))
    await node.stop()
  })

  it('[X-09] a mark of the last stop that says nonsense makes the next start look', async () => {
    const folder = join(scratch, 'mark')
    damagedCopy(stopped, folder, { bit: (4096 * 12 + 100) * 8 })
    for (const mark of ['', 'null', '{"format":1,"state":"clo', '{"format":1,"state":"closed","size":"x"}']) {
      writeFileSync(join(folder, 'data', 'last-stop.json'), mark)
      const started = await nodeIn(folder)
        .start()
        .then(
          async (node) => {
            const values = valuesOf(node)
            await node.stop()
            return values.slice(1)
          },
          ({ code }) => code,
        )
      expect(started === 'HF_MANIFEST_CORRUPT' || started.join() === expected.slice(1).join()).toBe(true)
    }
  })
})

describe('checkDataDir', { timeout: LIMIT_MS }, () => {
  it('[X-09] reads every row of a sound folder and changes nothing', async () => {
    const report = await checkDataDir(join(stopped, 'data'))
    expect(report).toMatchObject({ sound: true, problems: [] })
    expect(report.rows).toBeGreaterThan(1000)
    expect(existsSync(join(stopped, 'data', 'lock'))).toBe(false)
    const node = await nodeIn(stopped).start()
    await expect(checkDataDir(join(stopped, 'data'))).rejects.toMatchObject({ code: 'HF_DATADIR_IN_USE' })
    await node.stop()
    await expect(checkDataDir(scratch)).rejects.toMatchObject({ code: 'HF_OPTION_INVALID' })
  })

  it('[X-09] names what is damaged, and survives it', async () => {
    const folder = join(scratch, 'check')
    const { size } = statSync(dataFile(stopped))
    for (const length of [0, 1, 5000, 8192, Math.floor(size / 2)]) {
      damagedCopy(stopped, folder, { length })
      const report = await checkDataDir(join(folder, 'data'))
      expect([length, report.sound, report.problems.length > 0]).toEqual([length, false, true])
    }
  })

  it('[X-09] says when it was cut short', async () => {
    const report = await checkDataDir(join(stopped, 'data'), { timeLimit: 1 })
    expect(report).toMatchObject({ sound: false, problems: [], cutShort: expect.stringContaining('1 ms') })
  })
})

/** Runs a program that may die of what it reads. */
async function run(program: URL, folder: string): Promise<{ signal: string | null; output: string }> {
  const conditions = process.execArgv.filter((arg) => arg.startsWith('--conditions='))
  const child = spawn(process.execPath, [...conditions, fileURLToPath(program), folder], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 30_000,
  })
  const [output, [, signal]] = await Promise.all([text(child.stdout), once(child, 'close')])
  return { signal: signal as string | null, output }
}
