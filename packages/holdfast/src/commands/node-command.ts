import { HoldfastError } from '@holdfast/core'
import { Command } from 'commander'
import { openSession } from '../session/open.ts'
import type { Session } from '../session/session.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import { fail } from '../terminal/failure.ts'
import { nodeLog } from '../terminal/node-log.ts'
import { isEnough } from '../terminal/output.ts'
import { Screen } from '../terminal/screen.ts'

/** What every command takes that asks a node. */
export interface NodeFlags {
  readonly configFile: string
  readonly json?: boolean
}

/** What such a command works with. */
export interface Work {
  readonly session: Session
  readonly screen: Screen
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}

/** What a command that is proposed has to say of the config file, so that it asks the same node. */
export function again({ configFile }: NodeFlags): string {
  return configFile === '.'
    ? ''
    : ` -c ${/^[\w./@-]+$/.test(configFile) ? configFile : `'${configFile.replaceAll("'", "'\\''")}'`}`
}

/** A command with the flags that all have that ask a node. */
export function nodeCommand(name: string, summary: string): Command {
  return new Command(name)
    .summary(summary)
    .description(summary)
    .option('-c, --config-file <path>', 'the config file, or the folder that it is in', '.')
    .option('--json', 'print JSON: one object, or a line for each')
}

/**
 * Does it, with the node that the flags name, and sets the exit code. Resolving with nothing means that all went well.
 * `unread`: the code when whoever reads the output has enough before all is done.
 */
export async function withNode(
  { configFile, json }: NodeFlags,
  work: (work: Work) => Promise<ExitCode | undefined> | Promise<void>,
  { unread = EXIT.ok }: { readonly unread?: ExitCode } = {},
): Promise<void> {
  const screen = new Screen({ json })
  const { signal, interrupted, dispose } = interruptible(screen)
  try {
    const onWait = () => screen.note('others ask this node and are waited for; Ctrl-C ends it')
    const onSilence = () =>
      screen.note(
        'the node that runs does not answer: is its process stopped, or very busy? Ctrl-C ends the wait',
      )
    // Who asks this node has nothing to do with who reads what this command prints.
    await using session = await openSession(configFile, {
      ...nodeLog(),
      signal: interrupted,
      onWait,
      onSilence,
    })
    const code = (await work({ session, screen, signal })) ?? EXIT.ok
    process.exitCode = signal.aborted ? endedBy(signal, code) : code
  } catch (error) {
    process.exitCode = signal.aborted ? endedBy(signal, unread) : fail(screen, error)
  } finally {
    screen.progress.clear()
    dispose()
  }
}

/** Why a command ends early without a Ctrl-C: nobody reads on, or nobody could. */
const ENOUGH = 'enough'
const UNHEARD = 'unheard'

function endedBy({ reason }: AbortSignal, unread: ExitCode): ExitCode {
  if (reason === ENOUGH) return unread
  return reason === UNHEARD ? EXIT.failed : EXIT.interrupted
}

/** The first Ctrl-C ends what is under way in good order, the second one the process. */
function interruptible(screen: Screen): {
  /** Aborted by Ctrl-C, and when nobody reads on. */
  readonly signal: AbortSignal
  readonly interrupted: AbortSignal
  dispose(): void
} {
  const interrupt = new AbortController()
  const unread = new AbortController()
  const onSignal = () => {
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted)
    screen.note('ending; once more ends at once')
    interrupt.abort(new HoldfastError('HF_STOPPED', 'it was interrupted', { kind: 'aborted' }))
  }
  const onError = (error: Error) => unread.abort(isEnough(error) ? ENOUGH : UNHEARD)
  process.stdout.on('error', onError)
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const name of signals) process.on(name, onSignal)
  return {
    signal: AbortSignal.any([interrupt.signal, unread.signal]),
    interrupted: interrupt.signal,
    dispose: () => {
      for (const name of signals) process.off(name, onSignal)
      process.stdout.off('error', onError)
    },
  }
}

/** What an operation comes to that yields nothing on its way. */
export async function resultOf<Result>(answers: AsyncGenerator<unknown, Result, void>): Promise<Result> {
  for (;;) {
    const { done, value } = await answers.next()
    if (done) return value
  }
}

/** The items of an operation for a list, and what it comes to once they have been read. */
export function itemsOf<Item, Result>(answers: AsyncGenerator<Item, Result, void>) {
  let result: Result | undefined
  async function* items(): AsyncGenerator<Item> {
    result = yield* answers
  }
  return { items: items(), result: () => result as Result }
}
