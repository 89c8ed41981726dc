import { type LoadOptions, loadNode } from '../load-node.ts'
import { ownSession } from './own.ts'
import { runningSession } from './running.ts'
import type { Session } from './session.ts'
import { socketPathOf } from './socket-path.ts'

/**
 * The node of a config file: the one that runs, where one does, or one that is started for this command and runs no
 * schedule.
 * @throws HF_DATADIR_IN_USE when a process owns the data folder that does not listen
 */
export async function openSession(
  configFile: string,
  { signal, ...options }: Pick<LoadOptions, 'logTo'> & { readonly signal?: AbortSignal } = {},
): Promise<Session> {
  const node = await loadNode(configFile, { ...options, schedules: 'off' })
  const socketPath = socketPathOf(node)
  const running = socketPath === undefined ? undefined : await runningSession(socketPath)
  return running ?? (await ownSession(node, socketPath, signal))
}
