import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { commandOf } from '../packages.ts'

const MAIN = commandOf('holdfast')

/** A machine that does other things too takes its time for a test of many processes, ms. */
export const PATIENT = { timeout: 120_000 }

/** How a command ended, and all that it said. */
export interface Ended {
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly pid: number
  /** Resolves when standard output or standard error has had this. */
  said(text: string | RegExp): Promise<void>
  ended: Promise<Ended>
}

export interface RunOptions {
  readonly input?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
}

/** `holdfast` in a folder of a user, to its end. */
export async function run(root: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { input, env } = options
  const command = begin(root, args, env)
  command.child.stdin?.end(input)
  return await command.ended
}

/** `holdfast start`, when it runs. */
export async function started(root: string): Promise<Running> {
  const node = begin(root, ['start'])
  await node.said('Ctrl-C ends it')
  return node
}

/** `holdfast`, while it runs; standard input stays open. `as it comes`: the test itself reads standard output. */
export function begin(
  root: string,
  args: readonly string[],
  env: RunOptions['env'] = {},
  output: 'kept' | 'as it comes' = 'kept',
): Running {
  const child = spawn(process.execPath, ['--conditions=holdfast-source', MAIN, ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', ...env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  // Nobody reads it any more.
  child.stdin.on('error', () => undefined)
  const said = { stdout: '', stderr: '' }
  const changed = new EventTarget()
  for (const name of output === 'kept' ? (['stdout', 'stderr'] as const) : (['stderr'] as const))
    child[name].on('data', (part: Buffer) => {
      said[name] += part.toString()
      changed.dispatchEvent(new Event('change'))
    })
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code: code ?? signal, ...said }))
  const has = (text: string | RegExp) =>
    Object.values(said).some((all) => (typeof text === 'string' ? all.includes(text) : text.test(all)))
  return {
    child,
    pid: child.pid as number,
    ended,
    async said(text) {
      while (!has(text)) await Promise.race([once(changed, 'change'), ended.then(tooEarly)])
      function tooEarly(): void {
        if (!has(text)) throw new Error(`it ended before it said ${text}: ${said.stdout}${said.stderr}`)
      }
    },
  }
}
