import { type SpawnOptions, spawn } from 'node:child_process'
import { commandOf } from './packages.ts'

export interface Ran {
  readonly code: number | string
  readonly out: string
  readonly err: string
}

/** Runs the command under test in a folder, in a process of its own, and waits for its end. */
export function holdfast(cwd: string, args: readonly string[], options: SpawnOptions = {}): Promise<Ran> {
  return run(process.execPath, ['--conditions=holdfast-source', commandOf('holdfast'), ...args], {
    cwd,
    ...options,
  })
}

/** Runs a program, for at most a minute. */
export function run(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<Ran> {
  const child = spawn(program, args, { timeout: 60_000, killSignal: 'SIGKILL', stdio: 'pipe', ...options })
  let [out, err] = ['', '']
  child.stdout?.on('data', (part: Buffer) => (out += part.toString()))
  child.stderr?.on('data', (part: Buffer) => (err += part.toString()))
  child.stdin?.end()
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code: code ?? signal ?? '', out, err }))
  })
}
