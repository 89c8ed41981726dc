import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ARMING, type Arming, REPORT_FD } from './arming.ts'

export interface ProgramOptions {
  /** Arguments of the program. */
  readonly args?: readonly string[]
  /** Options of the `node` that runs it. Default: the `--conditions` of this process, so that both see the same sources. */
  readonly execArgv?: readonly string[]
  /** Variables of its environment, on top of those of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Milliseconds after which a program that still runs is killed and the call fails. Default 30,000. */
  readonly timeLimit?: number
  /** Kills the program; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** How a child ended, with everything that it said. */
export interface ChildEnd {
  readonly exitCode: number | null
  readonly exitSignal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly report: string
}

/** `through`: a command that runs the program, with its arguments. */
interface ThroughOptions extends ProgramOptions {
  readonly through?: readonly string[]
}

/** Runs a program in a process of its own to its end. `onOutput` is called once, at the first output. */
export function runProgram(
  program: string | URL,
  arming: Arming,
  options: ThroughOptions,
  onOutput?: (kill: () => void) => void,
): Promise<ChildEnd> {
  const { args = [], execArgv = conditionsOf(process.execArgv), env, timeLimit = 30_000, signal } = options
  const { promise, resolve, reject } = Promise.withResolvers<ChildEnd>()
  if (signal?.aborted) return Promise.reject(signal.reason)
  const [command, ...rest] = [
    ...(options.through ?? []),
    process.execPath,
    ...execArgv,
    pathOf(program),
    ...args,
  ]
  const child = spawn(command as string, rest, {
    env: { ...process.env, ...env, [ARMING]: JSON.stringify(arming) },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const kill = () => void child.kill('SIGKILL')
  const texts = [1, 2, REPORT_FD].map((fd) => {
    const parts: Buffer[] = []
    child.stdio[fd]?.on('data', (part: Buffer) => parts.push(part))
    return () => Buffer.concat(parts).toString()
  })
  const [stdout, stderr, report] = texts as [() => string, () => string, () => string]
  if (onOutput) child.stdout?.once('data', () => onOutput(kill))
  const end = (error: unknown) => {
    kill()
    reject(error)
  }
  const limit = setTimeout(
    () => end(new Error(`${pathOf(program)} still ran after ${timeLimit} ms${quoted(stdout(), stderr())}`)),
    timeLimit,
  )
  const onAbort = () => end(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  child.once('error', reject)
  child.once('close', (exitCode, exitSignal) =>
    resolve({ exitCode, exitSignal, stdout: stdout(), stderr: stderr(), report: report() }),
  )
  return promise.finally(() => {
    clearTimeout(limit)
    signal?.removeEventListener('abort', onAbort)
  })
}

/** The error for an end that nobody asked for. */
export function unexpected(program: string | URL, end: ChildEnd, what: string): Error {
  const how = end.exitSignal === null ? `ended with code ${end.exitCode}` : `was killed by ${end.exitSignal}`
  return new Error(`${pathOf(program)} ${how}${what}${quoted(end.stdout, end.stderr)}`)
}

function quoted(stdout: string, stderr: string): string {
  return `\n--- standard error\n${stderr}\n--- standard output\n${stdout}`
}

function pathOf(program: string | URL): string {
  return typeof program === 'string' ? program : fileURLToPath(program)
}

function conditionsOf(execArgv: readonly string[]): string[] {
  return execArgv.flatMap((arg, index) => {
    if (arg === '-C' || arg === '--conditions') return [arg, execArgv[index + 1] ?? '']
    return arg.startsWith('--conditions=') ? [arg] : []
  })
}
