import { type HoldfastNode, messageOf, runUntilSignal } from '@holdfast/core'
import type { Command } from 'commander'
import { loadNode } from '../load-node.ts'
import { type Listener, listen } from '../session/listen.ts'
import { socketPathOf } from '../session/socket-path.ts'
import { whileInUse } from '../session/while-in-use.ts'
import { EXIT } from '../terminal/exit.ts'
import { fail } from '../terminal/failure.ts'
import { nodeLog } from '../terminal/node-log.ts'
import { Screen } from '../terminal/screen.ts'
import { time } from '../terminal/units.ts'
import { type NodeFlags, nodeCommand } from './node-command.ts'

/** Time that those have who ask a node when it has stopped, to take their answers, ms. */
const ANSWERS_MS = 1000

/** `holdfast start`: runs the node until SIGTERM or Ctrl-C. */
export function startCommand(): Command {
  return nodeCommand('start', 'run the node until Ctrl-C or SIGTERM').action(start)
}

async function start({ configFile, json }: NodeFlags): Promise<void> {
  const screen = new Screen({ json })
  const onOwner = (pid: unknown) => screen.note(`waiting for process ${pid}, which has the data folder`)
  try {
    const { node, started, stopped } = await whileInUse({ onOwner }, async () => {
      const node = await loadNode(configFile, nodeLog())
      // In an object: a promise of the end must not be waited for here.
      const stopped = runUntilSignal(node)
      // A signal during the start rejects it, and is an ordinary end.
      const started = await node.start().catch(() => undefined)
      if (!started) await stopped
      return { node, started, stopped }
    })
    if (started) await run(node, stopped, screen)
    process.exitCode = EXIT.ok
  } catch (error) {
    process.exitCode = fail(screen, error)
  }
}

async function run(node: HoldfastNode, stopped: Promise<void>, screen: Screen): Promise<void> {
  // Only waited for below, where it is told what it threw.
  stopped.catch(() => undefined)
  const listener = await heard(node, screen)
  try {
    await tell(node, listener, screen)
    await stopped
  } finally {
    await listener?.close(AbortSignal.timeout(ANSWERS_MS))
  }
}

/** A node that cannot be asked runs all the same. */
async function heard(node: HoldfastNode, screen: Screen): Promise<Listener | undefined> {
  const socketPath = socketPathOf(node)
  try {
    return socketPath === undefined ? undefined : await listen(node, socketPath)
  } catch (error) {
    screen.fault({ message: `it cannot listen for other commands: ${messageOf(error)}` })
    return undefined
  }
}

async function tell(node: HoldfastNode, listener: Listener | undefined, screen: Screen): Promise<void> {
  const jobs = await node.jobs.status()
  const facts = {
    node: node.id,
    pid: process.pid,
    listens: listener !== undefined,
    jobs: jobs.map(({ job, nextRunAt }) => ({ job, nextRunAt })),
  }
  screen.value(facts, () => [
    `node ${node.id} runs as process ${process.pid}${listener ? '' : ', and hears no other command'}`,
    ...jobs.map(({ job, nextRunAt, schedule }) =>
      nextRunAt === undefined
        ? `  ${job}: runs when it is asked to`
        : `  ${job}: ${schedule}, next at ${time(nextRunAt)}`,
    ),
    'Ctrl-C ends it',
  ])
}
