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
  // A line that is being edited keeps Ctrl-C to itself.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const ended = new Promise<string>((resolve) => lines.on('close', () => resolve('')))
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), ended])
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}
