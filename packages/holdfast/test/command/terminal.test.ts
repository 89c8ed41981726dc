import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { commandOf } from '../packages.ts'
import { digestOf, jsonLines, OLD, type Place, scene, seed } from './place.ts'
import { PATIENT } from './processes.ts'

interface Session {
  readonly child: ChildProcess
  /** Resolves when this stands on the screen. */
  shows(text: string): Promise<void>
  press(keys: string): void
  ended(): Promise<{ readonly code: number; readonly screen: string; readonly raw: string }>
}

const CTRL_C = '\x03'
const CTRL_D = '\x04'

/** `holdfast` in a terminal of 80 columns, which `script` of util-linux makes. */
function terminal(
  { root }: Pick<Place, 'root'>,
  args: string,
  env: Readonly<Record<string, string>> = {},
): Session {
  const command = `stty cols 80 rows 24; exec '${process.execPath}' --conditions=holdfast-source '${commandOf('holdfast')}' ${args}`
  // Node takes the terminals of CI for ones without colours.
  const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, ...inherited } = process.env
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: root,
    env: { ...inherited, TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let raw = ''
  const changed = new EventTarget()
  child.stdout?.on('data', (part: Buffer) => {
    raw += part.toString()
    changed.dispatchEvent(new Event('change'))
  })
  const closed = once(child, 'close') as Promise<[number]>
  const screen = () => stripVTControlCharacters(raw).replaceAll('\r', '')
  return {
    child,
    async shows(text) {
      while (!screen().includes(text)) await Promise.race([once(changed, 'change'), closed.then(tooEarly)])
      function tooEarly(): never {
        throw new Error(`it ended before it showed ${text}: ${screen()}`)
      }
    },
    press: (keys) => void child.stdin?.write(keys),
    async ended() {
      const [code] = await closed
      return { code, screen: screen(), raw }
    },
  }
}

const QUESTION = 'Let retention take 2 files, 16 B? [y/N]'

describe('holdfast in a terminal', PATIENT, () => {
  it.each([
    ['y', 'y\r', 0, 'retention took 2 files'],
    ['n', 'n\r', 3, 'nothing was changed'],
    ['the end of the input', CTRL_D, 3, 'nothing was changed'],
    ['Ctrl-C', CTRL_C, 130, 'ending; once more ends at once'],
  ])('[R-21] the question before a run, answered by %s', async (_, keys, code, says) => {
    const at = await scene('own', OLD)
    const before = await digestOf(at)
    const run = terminal(at, 'retention run --act')
    await run.shows(QUESTION)
    run.press(keys)
    const ended = await run.ended()
    expect(ended.code).toBe(code)
    expect(ended.screen.slice(ended.screen.indexOf(QUESTION))).toContain(says)
    expect((await digestOf(at)) === before).toBe(code !== 0)
  })

  it('[R-21] the question before a plan that was made earlier has its counts and bytes', async () => {
    const at = await scene('own', OLD)
    const [{ plan }] = jsonLines<{ plan: { id: string } }>(
      (await at.hold(['retention', 'plan', '--items', '0', '--json'])).stdout,
    ) as [{ plan: { id: string } }]
    const run = terminal(at, `retention run --plan ${plan.id} --cap 1 --act`)
    await run.shows(`Let retention take 2 files, 16 B, as plan ${plan.id} says, 1 file of it now? [y/N]`)
    run.press('n\r')
    expect((await run.ended()).code).toBe(3)
    expect(jsonLines((await at.hold(['files', 'ls', '--json'])).stdout)).toHaveLength(3)
  })

  it('[R-21] with --json it is asked as well, and prints what was done, once', async () => {
    const at = await scene('own', OLD)
    const rm = terminal(at, 'files rm kept/2020/01/01/00/c.csv --act --json')
    await rm.shows('Delete 1 file, 8 B?')
    rm.press('y\r')
    expect((await rm.ended()).screen.match(/"path"/g)).toHaveLength(1)
    const run = terminal(at, 'retention run --act --json')
    await run.shows(QUESTION)
    run.press('y\r')
    const { code, screen } = await run.ended()
    expect({ code, items: screen.includes('"path"') }).toEqual({ code: 0, items: false })
    expect(screen.match(/"outcome":\{"status":"completed"\}/g)).toHaveLength(1)
  })

  it('[R-18] a hold that was replaced while the question stood is not released', async () => {
    const at = await scene('own', OLD)
    await at.hold(['hold', 'add', '--folder', 'kept', '--id', 'legal', '--owner', 'ada'])
    const rm = terminal(at, 'hold rm legal --act')
    await rm.shows('Release legal?')
    await at.hold(['hold', 'add', '--folder', 'raw', '--id', 'legal', '--owner', 'ada', '--act'])
    rm.press('y\r')
    expect((await rm.ended()).code).toBe(3)
    expect(jsonLines((await at.hold(['hold', 'ls', '--json'])).stdout)).toMatchObject([
      { id: 'legal', scope: { folder: 'raw' } },
    ])
  })

  it('[B-11] a word that was asked for against one owner of the store is not taken against another', async () => {
    const at = await scene('own', OLD)
    const copies = ['before', 'elsewhere'].map((name) => join(at.root, name)) as [string, string]
    cpSync(at.data, copies[0], { recursive: true })
    await seed(at, { new: 'x' })
    cpSync(at.data, copies[1], { recursive: true })
    rmSync(at.data, { recursive: true })
    cpSync(copies[0], at.data, { recursive: true })
    const acknowledge = terminal(at, 'acknowledge --act')
    await acknowledge.shows('Is this one right? [y/N]')
    // What was taken for lost is alive.
    await seed({ ...at, data: copies[1] }, { newer: 'x' })
    acknowledge.press('y\r')
    const { code, screen } = await acknowledge.ended()
    expect({ code, screen }).toEqual({ code: 3, screen: expect.stringContaining('HF_INPUT_CHANGED') })
    const [status] = jsonLines((await at.hold(['status', '--json'])).stdout)
    expect(status).toMatchObject({ manifest: { behind: expect.stringContaining('put back from a copy') } })
  })

  it('[R-21] --yes skips the question; what is not asked about is not deleted', async () => {
    const at = await scene('own', OLD)
    const rm = terminal(at, 'files rm -r raw --act')
    await rm.shows('Delete 2 files, 16 B?')
    // It comes while the question stands: nobody has said yes to it.
    await at.hold(['files', 'put', '-', 'raw/late.csv'], { input: 'x' })
    rm.press('y\r')
    expect((await rm.ended()).screen).toContain('deleted 2 files, 16 B')
    expect((await at.hold(['files', 'ls', 'raw/'])).stdout).toContain('raw/late.csv')
    const { code, screen } = await terminal(at, 'files rm raw/late.csv --act --yes').ended()
    expect({ code, asked: screen.includes('?') }).toEqual({ code: 0, asked: false })
  })

  it('[A-06] tables fit its width, and colours stay away when they are not wanted', async () => {
    const at = await scene('own', { [`raw/2020/01/01/00/${'long-'.repeat(20)}.csv`]: 'x' })
    const coloured = await terminal(at, 'files ls').ended()
    const lines = coloured.screen.split('\n')
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
    expect(lines[1]).toMatch(/raw\/2020.*….*-long-\.csv$/)
    expect(coloured.raw).toContain('\x1b[1m')
    const plain = await terminal(at, 'files ls', { NO_COLOR: '1' }).ended()
    expect(plain.raw).not.toContain('\x1b[1m')
  })
})
