import { fork } from 'node:child_process'
import { on } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Finding, failed, givenUp, type Look } from './finding.ts'

/** What the process says that looks. */
export type Said =
  | { readonly look: Look }
  | { readonly finding: Finding }
  /** The last word. */
  | { readonly done: true }

const HERE = import.meta.url
const EXAMINER = fileURLToPath(new URL(HERE.endsWith('.ts') ? './examiner.ts' : './examiner.js', HERE))

/** Until the first look, in which the process starts. */
const STARTING: Look = { check: 'config', timeLimit: 30_000 }
/** What a look has beyond its limit to notice by itself that it is over, and go on with the others, ms. */
const GRACE_MS = 2000

const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Looks in a process of its own. A dead mount holds the call that asks it, and a process that has such a call under way
 * can do nothing more, or cannot end: Node waits for its threads. That one is given up, and this one ends.
 */
export async function* examineApart(configFile: string): AsyncGenerator<Finding> {
  const examiner = fork(EXAMINER, [configFile], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  // What a config file prints is no finding.
  for (const stream of [examiner.stdout, examiner.stderr]) stream?.pipe(process.stderr, { end: false })
  const end = (signal: NodeJS.Signals) => {
    // Held in a call, it would not hear that this one is gone.
    examiner.kill('SIGKILL')
    process.kill(process.pid, signal)
  }
  for (const signal of ENDINGS) process.once(signal, end)
  const silence = new AbortController()
  let looking = STARTING
  const later = () => setTimeout(() => silence.abort(), looking.timeLimit + GRACE_MS)
  let timer = later()
  examiner.on('message', (said: Said) => {
    if ('look' in said) looking = said.look
    clearTimeout(timer)
    timer = later()
  })
  try {
    const { signal } = silence
    for await (const [said] of on(examiner, 'message', { close: ['disconnect'], signal }) as AsyncIterable<
      [Said]
    >) {
      if ('finding' in said) yield said.finding
      if ('done' in said) return
    }
    yield failed(
      looking.check,
      'the process that looked has ended in the middle of it',
      'see what it said; a config file or a plugin may have ended it',
    )
  } catch (error) {
    if (!silence.signal.aborted) throw error
    yield givenUp(looking)
  } finally {
    clearTimeout(timer)
    for (const signal of ENDINGS) process.off(signal, end)
    examiner.kill('SIGKILL')
    // It may be held even now.
    examiner.unref()
    for (const stream of [examiner.stdout, examiner.stderr]) stream?.destroy()
    if (examiner.connected) examiner.disconnect()
  }
}
