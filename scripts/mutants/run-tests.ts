import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { RunOutcome } from './outcome.ts'

const MINUTE_MS = 60_000

export interface RunTestsOptions {
  readonly limitMs?: number
  /** Takes the files one by one, and ends with the first test that an assertion turns red: it says all about a mutant. */
  readonly untilCaught?: boolean
}

/**
 * Runs the tests of the ids found in the files (all tests of packages by default), in a process group of its own
 * that can be ended whole: a mutant may loop for ever. Undefined when it took longer than the limit.
 */
export function runTests(
  root: string,
  ids: readonly string[],
  files: readonly string[] = ['packages/', 'simulation/'],
  { limitMs = 10 * MINUTE_MS, untilCaught = false }: RunTestsOptions = {},
): Promise<RunOutcome | undefined> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^VITEST|^NODE_ENV$/.test(name)),
  )
  const { promise, resolve, reject } = Promise.withResolvers<RunOutcome | undefined>()
  const child = fork(
    join(import.meta.dirname, 'vitest-child.ts'),
    [root, ids.join('|'), String(untilCaught), ...files],
    {
      cwd: root,
      env,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  )
  const endGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {} // already gone
  }
  let complaint = ''
  child.stderr?.on('data', (text) => {
    complaint += text
  })
  const watchdog = setTimeout(() => {
    resolve(undefined)
    endGroup()
  }, limitMs)
  process.once('exit', endGroup)
  child.once('message', (outcome: RunOutcome) => {
    resolve(outcome)
    if (untilCaught) endGroup()
  })
  child.once('error', reject)
  child.once('close', () => {
    clearTimeout(watchdog)
    process.off('exit', endGroup)
    reject(new Error(`vitest ended without a result: ${complaint}`))
  })
  return promise
}
