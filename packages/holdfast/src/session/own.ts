import type { HoldfastNode } from '@holdfast/core'
import { operationOf } from '../operations/operations.ts'
import { type Listener, listen } from './listen.ts'
import { NO_INPUT, type Session, type SessionOptions } from './session.ts'
import { startNode } from './start-node.ts'

/** Starts a node for one command. Others can ask it meanwhile: how far a run is, or to cancel it. */
export async function ownSession(
  node: HoldfastNode,
  socketPath: string | undefined,
  { signal: enough, onWait }: Pick<SessionOptions, 'signal' | 'onWait'>,
): Promise<Session> {
  await startNode(node, enough)
  const listener = await listenIfPossible(node, socketPath)
  return {
    node: 'own',
    call(name, request, options = {}) {
      const { signal = new AbortController().signal, onStep = () => undefined, input = NO_INPUT } = options
      return operationOf(name)?.({ node, signal, onStep, input }, request) as never
    },
    async [Symbol.asyncDispose]() {
      if (listener?.answering && !enough.aborted) onWait?.()
      await listener?.close(enough)
      await node.stop()
    },
  }
}

/** Not every file system has sockets; the command itself does without. */
async function listenIfPossible(
  node: HoldfastNode,
  socketPath: string | undefined,
): Promise<Listener | undefined> {
  try {
    return socketPath === undefined ? undefined : await listen(node, socketPath)
  } catch {
    return undefined
  }
}
