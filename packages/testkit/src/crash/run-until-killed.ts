import { type ProgramOptions, runProgram, unexpected } from './child-process.ts'

export interface KillOptions extends ProgramOptions {
  /** Milliseconds between the first output of the program and its death. */
  readonly after: number
}

export type KillOutcome =
  | { readonly killed: true; readonly stdout: string }
  /** It was quicker. */
  | { readonly finished: true; readonly stdout: string }

/**
 * Runs a program in a process of its own and kills it (SIGKILL) some time after its first output, wherever it is by
 * then: in the middle of a system call, too, where no failpoint can be. `stdout` is what it had said.
 * @throws Error with the program's output when it ended in any other way, or said nothing
 */
export async function runUntilKilled(program: string | URL, options: KillOptions): Promise<KillOutcome> {
  let timer: NodeJS.Timeout | undefined
  let sent = false
  const end = await runProgram(program, {}, options, (kill) => {
    timer = setTimeout(() => {
      sent = true
      kill()
    }, options.after)
  }).finally(() => clearTimeout(timer))
  const { exitCode, exitSignal, stdout } = end
  if (sent && exitSignal === 'SIGKILL') return { killed: true, stdout }
  if (exitCode === 0 && stdout !== '') return { finished: true, stdout }
  throw unexpected(program, end, exitCode === 0 ? ' and said nothing' : '')
}
