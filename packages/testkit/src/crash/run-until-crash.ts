import type { FailpointName } from '@holdfast/core'
import type { Report } from './arming.ts'
import { type ProgramOptions, runProgram, unexpected } from './child-process.ts'

export interface CrashOptions extends ProgramOptions {
  /** The failpoint to die at. Default: none; the program runs to its end. */
  readonly at?: FailpointName
  /** Passes of the failpoint that go by before it kills. Default 0: it kills at the first. */
  readonly skip?: number
}

/** What became of a program. `stdout` is what it had said by then: let it acknowledge there what must survive. */
export type CrashOutcome =
  | { readonly crashedAt: FailpointName; readonly stdout: string }
  | {
      readonly finished: true
      readonly stdout: string
      /** How often each failpoint of the program's node was passed; 0 for one that the program never reaches. */
      readonly passes: ReadonlyMap<FailpointName, number>
    }

/**
 * Runs a program in a process of its own that kills itself (SIGKILL) at a failpoint. The program takes its failpoints
 * from `crashChild`, and leaves file descriptor 3 alone. Run it again without `at`, in the same folders, to see what
 * a restart makes of the crash.
 *
 * ```ts
 * const first = await runUntilCrash(PROGRAM, { args: [folder], at: 'files.write.stored' })
 * expect(first).toMatchObject({ crashedAt: 'files.write.stored' })
 * const second = await runUntilCrash(PROGRAM, { args: [folder] })
 * ```
 *
 * @throws Error with the program's output when it ended in any other way: a code that is not 0, another signal, the
 * time limit, a failpoint that its node does not have
 */
export async function runUntilCrash(
  program: string | URL,
  options: CrashOptions = {},
): Promise<CrashOutcome> {
  const { at, skip } = options
  const end = await runProgram(
    program,
    { ...(at !== undefined && { at }), ...(skip !== undefined && { skip }) },
    options,
  )
  const { exitCode, exitSignal, stdout, report } = end
  if (at !== undefined && exitSignal === 'SIGKILL' && report === `${at}\n`) return { crashedAt: at, stdout }
  if (exitCode !== 0) throw unexpected(program, end, at === undefined ? '' : ` instead of at ${at}`)
  const passes = passesOf(report)
  if (!passes) throw unexpected(program, end, ' without a report: it has to call crashChild()')
  if (at !== undefined && !passes.has(at))
    throw unexpected(program, end, `: its node does not have the failpoint ${at}`)
  return { finished: true, stdout, passes }
}

function passesOf(report: string): ReadonlyMap<FailpointName, number> | undefined {
  if (!report.startsWith('{')) return undefined
  const { passes } = JSON.parse(report) as Report
  return new Map(Object.entries(passes)) as ReadonlyMap<string, number> as ReadonlyMap<FailpointName, number>
}
