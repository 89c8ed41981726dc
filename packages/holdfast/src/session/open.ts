import { HoldfastError, hasCode } from '@holdfast/core'
import { loadNode } from '../load-node.ts'
import { ownSession } from './own.ts'
import { NobodyListens, runningSession } from './running.ts'
import type { Session, SessionOptions } from './session.ts'
import { socketPathOf } from './socket-path.ts'
import { whileInUse } from './while-in-use.ts'

/**
 * The node of a config file: the one that runs, where one does, or one that is started for this command and runs no
 * schedule.
 * @throws HF_DATADIR_IN_USE when a process owns the data folder that does not listen
 */
export async function openSession(configFile: string, options: SessionOptions): Promise<Session> {
  let session = await open(configFile, options)
  return {
    get node() {
      return session.node
    },
    async *call(...asked) {
      try {
        return yield* session.call(...asked)
      } catch (error) {
        if (!(error instanceof NobodyListens)) throw error
      }
      session = await open(configFile, options)
      return yield* session.call(...asked)
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() as Promise<void>,
  }
}

async function open(
  configFile: string,
  { signal, onWait, onSilence, ...options }: SessionOptions,
): Promise<Session> {
  try {
    return await whileInUse({ signal }, async () => {
      const node = await loadNode(configFile, { ...options, schedules: 'off' })
      const socketPath = socketPathOf(node)
      const running = socketPath === undefined ? undefined : await runningSession(socketPath, { onSilence })
      return running ?? (await ownSession(node, socketPath, { signal, ...(onWait && { onWait }) }))
    })
  } catch (error) {
    if (!hasCode(error, 'HF_DATADIR_IN_USE')) throw error
    const { pid, host } = error.context
    throw new HoldfastError(
      'HF_DATADIR_IN_USE',
      `process ${pid} on ${host} owns the data folder and does not hear this command: stop it, or run the node with "holdfast start", which hears it`,
      { context: error.context },
    )
  }
}
