import { createInterface } from 'node:readline/promises'
import type { Screen } from './screen.ts'

/**
 * Asks once more before something is destroyed; anything but yes is no, also the end of the input. Only a terminal is
 * asked: a script has said `--act`, and `--yes` skips the question.
 */
export async function confirmed(
  screen: Screen,
  question: string,
  { yes, signal }: { readonly yes?: boolean | undefined; readonly signal: AbortSignal },
): Promise<boolean> {
  if (yes || !screen.isTerminal) return true
  screen.progress.clear()
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const ended = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)))
  // A line that is being edited keeps Ctrl-C to itself.
  lines.once('SIGINT', () => {
    process.stderr.write('\n')
    process.kill(process.pid, 'SIGINT')
  })
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), ended])
    if (answer === undefined) process.stderr.write('\n')
    return /^y(es)?$/i.test(answer?.trim() ?? '')
  } finally {
    lines.close()
  }
}
