import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Scene } from './run-node.ts'

interface Running {
  readonly child: ChildProcess
  readonly folder: string
  /** Resolves when the program has said this line. */
  said(line: string): Promise<void>
  /** Code or signal that it ended with, and all its lines. */
  ended(): Promise<{ readonly end: number | string; readonly lines: readonly string[] }>
}

/** A program around a node, in a process of its own. */
function run(scene: Scene): Running {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
  const program = join(import.meta.dirname, 'run-node.ts')
  const child = spawn(process.execPath, ['--conditions=holdfast-source', program, scene, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  let output = ''
  const changed = new EventTarget()
  child.stdout?.on('data', (part: Buffer) => {
    output += part.toString()
    changed.dispatchEvent(new Event('change'))
  })
  const end = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  const lines = () => output.split('\n').filter((line) => line !== '')
  return {
    child,
    folder,
    async said(line) {
      while (!lines().includes(line)) await Promise.race([once(changed, 'change'), end.then(failed)])
      function failed(): never {
        throw new Error(`it ended before it said ${line}: ${output}`)
      }
    },
    ended: async () => ({ end: await end, lines: lines() }),
  }
}

const lockOf = ({ folder }: Running) => join(folder, 'data', 'lock')

describe('signals', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '[K-17] %s lets a running job finish, closes everything, and the process ends with 0',
    async (signal) => {
      const program = run('busy')
      await program.said('job runs')
      expect(existsSync(lockOf(program))).toBe(true)
      program.child.kill(signal)
      await program.said('signal seen')
      expect(await program.ended()).toEqual({
        end: 0,
        lines: ['job runs', 'signal seen', 'job completed', 'closed', 'listeners 0 0'],
      })
      expect(existsSync(lockOf(program))).toBe(false)
    },
  )

  it.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGINT'],
  ] as const)('[K-17] a second signal does not wait: %s, then %s exits with 130', async (first, second) => {
    const program = run('stuck')
    await program.said('job runs')
    program.child.kill(first)
    await program.said('signal seen')
    program.child.kill(second)
    expect(await program.ended()).toEqual({ end: 130, lines: ['job runs', 'signal seen'] })
  })

  it('[K-17] an idle node keeps its process alive until the signal', async () => {
    const program = run('idle')
    await program.said('idle')
    program.child.kill('SIGTERM')
    expect(await program.ended()).toEqual({ end: 0, lines: ['idle', 'closed', 'listeners 0 0'] })
  })

  it('[K-17] a signal during the start takes back what was opened and exits with 0', async () => {
    const program = run('starting')
    await program.said('starting')
    program.child.kill('SIGTERM')
    expect(await program.ended()).toEqual({ end: 0, lines: ['starting', 'closed', 'listeners 0 0'] })
    expect(existsSync(lockOf(program))).toBe(false)
  })

  it('[K-17] a node whose start fails leaves nothing behind, and the process ends by itself', async () => {
    const program = run('failing')
    expect(await program.ended()).toEqual({
      end: 1,
      lines: ['closed', expect.stringMatching(/^failed: HF_PLUGIN_FAILED: .*no luck/), 'listeners 0 0'],
    })
    expect(existsSync(lockOf(program))).toBe(false)
  })

  it('[K-17] a node that was never started holds nothing open and listens to nothing', async () => {
    const program = run('unstarted')
    expect(await program.ended()).toEqual({ end: 0, lines: ['listeners 0 0'] })
    expect(existsSync(join(program.folder, 'data'))).toBe(false)
    expect(existsSync(join(program.folder, 'files'))).toBe(false)
  })

  it('[K-17] a stop that fails is not an end with 0', async () => {
    const program = run('unstoppable')
    await program.said('idle')
    program.child.kill('SIGTERM')
    expect(await program.ended()).toEqual({
      end: 1,
      lines: ['idle', expect.stringMatching(/^failed: HF_PLUGIN_FAILED: .*no luck/), 'listeners 0 0'],
    })
    expect(existsSync(lockOf(program))).toBe(false)
  })
})
