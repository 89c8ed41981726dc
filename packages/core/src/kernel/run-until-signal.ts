import { constants } from 'node:os'
import { keepAlive } from '../clock.ts'
import type { HoldfastNode } from './node.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const
/** What shells report for a program that Ctrl+C ended. */
const INTERRUPTED = 128 + constants.signals.SIGINT

/**
 * Starts a node and stops it at the first SIGTERM or SIGINT: running jobs are drained, then everything is closed. The
 * process then ends by itself with code 0, unless the program keeps something else open. A second signal exits at
 * once with 130. A signal during the start takes back what was opened, and counts as an ordinary end.
 *
 * ```ts
 * await runUntilSignal(await loadNode('holdfast.config.ts'))
 * ```
 *
 * @throws what `start` or `stop` throws; nothing is left open, and no listener stays
 */
export async function runUntilSignal(node: HoldfastNode): Promise<void> {
  const { promise: signalled, resolve: signal } = Promise.withResolvers<void>()
  let seen = 0
  const onSignal = () => {
    seen++
    if (seen > 1) process.exit(INTERRUPTED)
    signal()
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  // Neither a listener for signals nor an idle node keeps a process alive.
  using _alive = keepAlive()
  try {
    const started = node.start()
    // A start that a signal cut short rejects while the node is being stopped; that is what was asked for.
    started.catch(() => undefined)
    await Promise.race([started.then(() => signalled), signalled])
    await node.stop()
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal)
  }
}
