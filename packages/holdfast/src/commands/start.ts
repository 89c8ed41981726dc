import { runUntilSignal } from '@holdfast/core'
import type { Command } from 'commander'
import { loadNode } from '../load-node.ts'
import { listen } from '../session/listen.ts'
import { socketPathOf } from '../session/socket-path.ts'
import { EXIT } from '../terminal/exit.ts'
import { fail } from '../terminal/failure.ts'
import { nodeLog } from '../terminal/node-log.ts'
import { Screen } from '../terminal/screen.ts'
import { time } from '../terminal/units.ts'
import { type NodeFlags, nodeCommand } from './node-command.ts'

/** `holdfast start`: runs the node until SIGTERM or Ctrl-C. */
export function startCommand(): Command {
  return nodeCommand('start', 'run the node until Ctrl-C or SIGTERM').action(start)
}

async function start({ configFile, json }: NodeFlags): Promise<void> {
  const screen = new Screen({ json })
  try {
    const node = await loadNode(configFile, nodeLog())
    const running = runUntilSignal(node)
    // A signal during the start rejects it, and is an ordinary end.
    const started = await node.start().catch(() => undefined)
    const socketPath = started && socketPathOf(node)
    const listener = socketPath === undefined ? undefined : await listen(node, socketPath)
    try {
      if (started) {
        const jobs = await node.jobs.status()
        const facts = {
          node: node.id,
          pid: process.pid,
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
      await running
    } finally {
      await listener?.close()
    }
    process.exitCode = EXIT.ok
  } catch (error) {
    process.exitCode = fail(screen, error)
  }
}
