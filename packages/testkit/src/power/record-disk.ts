import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ProgramOptions, runProgram, unexpected } from '../crash/child-process.ts'
import { type DiskStep, DurableDisk } from './durable-disk.ts'
import { LONGEST_TEXT, parseCalls, TRACED } from './system-calls.ts'
import { copyTree, readTree, writeDurable } from './tree.ts'

export interface RecordOptions extends ProgramOptions {
  /** The folder whose disk is recorded: absolute, and all that the program keeps. */
  readonly folder: string
}

/** What a program did to a folder, step by step. */
export interface DiskRecording {
  readonly steps: readonly DiskStep[]
  /** Writes to `into` what would be left of the folder if the power went off right after a step of this number. */
  cut(step: number, into: string): void
}

/** Why disks cannot be recorded here, or undefined: it takes Linux, and `strace`, and the right to trace a child. */
export function whyNoRecording(): string | undefined {
  const { status, error, stderr } = spawnSync('strace', ['-o', '/dev/null', 'true'], {
    encoding: 'utf8',
    timeout: 10_000,
  })
  return status === 0 ? undefined : `strace does not run: ${error?.message ?? stderr.trim()}`
}

/**
 * Runs a program to its end and records the system calls by which it writes to a folder, so that a test can cut the
 * power after any of them: only what was synced is left. SIGKILL proves nothing of this, the page cache survives it.
 *
 * ```ts
 * const recording = await recordDisk(PROGRAM, { folder, args: [folder] })
 * for (const [number, { kind }] of recording.steps.entries())
 *   if (kind === 'say') recording.cut(number, elsewhere)   // what was said must be true of what is left
 * ```
 *
 * Writes through a shared memory map are not seen, and so count as lost. One process: what a child of the program
 * does with the file descriptors that it inherits is not followed.
 *
 * @throws Error with the program's output when it fails, and when it does what cannot be followed
 */
export async function recordDisk(program: string | URL, options: RecordOptions): Promise<DiskRecording> {
  const folder = realpathSync(options.folder)
  const scratch = mkdtempSync(join(tmpdir(), 'holdfast-trace-'))
  try {
    const log = join(scratch, 'log')
    const tree = readTree(folder)
    const through = [
      'strace',
      '-f',
      '-qq',
      '-xx',
      '-s',
      String(LONGEST_TEXT),
      '-e',
      `trace=${TRACED}`,
      '-o',
      log,
    ]
    const end = await runProgram(program, {}, { ...options, through })
    if (end.exitCode !== 0) throw unexpected(program, end, ' while its disk was recorded')
    const calls = parseCalls(readFileSync(log, 'utf8'))
    const steps: DiskStep[] = []
    DurableDisk.play(folder, copyTree(tree), calls, (step) => {
      steps.push(step)
      return true
    })
    return {
      steps,
      cut(at, into) {
        const left = copyTree(tree)
        let number = -1
        DurableDisk.play(folder, left, calls, () => ++number < at)
        writeDurable(left, into)
      },
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
