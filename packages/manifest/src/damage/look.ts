import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Finding } from './last-stop.ts'
import { programArguments } from './own-program.ts'
import type { Line } from './walk-child.ts'

export interface LookOptions {
  /** Also every index and counter, not the rows alone. */
  readonly deep?: boolean
  /** Milliseconds after which the look is given up. */
  readonly timeLimit?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (rows: number) => void
}

export interface Look {
  readonly findings: readonly Finding[]
  readonly rows: number
  /** Why not everything was looked at, or undefined. */
  readonly cutShort?: string
}

/** Looks at a data folder that nobody has open, in a child process: what is damaged may end the process that reads it. */
export async function look(dataDir: string, options: LookOptions = {}): Promise<Look> {
  const { deep = false, timeLimit, signal, onProgress } = options
  signal?.throwIfAborted()
  const program = programArguments(import.meta.url, 'walk-child')
  const child = spawn(process.execPath, [...program, dataDir, deep ? 'deep' : 'rows'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, by) => resolve(by ?? `code ${code}`))
  })
  let late = false
  const kill = () => void child.kill('SIGKILL')
  const limit =
    timeLimit === undefined
      ? undefined
      : setTimeout(() => {
          late = true
          kill()
        }, timeLimit)
  signal?.addEventListener('abort', kill, { once: true })
  const findings: Finding[] = []
  let [rows, begun, finished] = [0, undefined as Finding['where'] | undefined, false]
  try {
    for await (const text of createInterface({ input: child.stdout })) {
      const line = readLine(text)
      if (!line) continue
      if ('begin' in line) begun = line.begin
      else if ('found' in line) findings.push(line.found)
      else {
        rows = line.rows
        if ('end' in line) finished = true
        else onProgress?.(rows)
      }
    }
    const how = await ended
    signal?.throwIfAborted()
    if (finished) return { findings, rows }
    if (late) return { findings, rows, cutShort: `it took longer than ${timeLimit} ms` }
    if (begun === undefined)
      return { findings, rows, cutShort: `the process that looks did not begin: ${how}` }
    return {
      findings: [...findings, { where: begun, problem: `a process that reads it ends with ${how}` }],
      rows,
    }
  } finally {
    clearTimeout(limit)
    signal?.removeEventListener('abort', kill)
    kill()
  }
}

/** Half a line is what a process that died in the middle of it said. */
function readLine(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line
  } catch {
    return undefined
  }
}
