import type { HoldfastNode } from '@holdfast/core'
import { operationOf } from '../operations/operations.ts'
import { listen } from './listen.ts'
import { NO_INPUT, type Session } from './session.ts'
import { startNode } from './start-node.ts'

/** Starts a node for one command. Others can ask it meanwhile: how far a run is, or to cancel it. */
export async function ownSession(
  node: HoldfastNode,
  socketPath: string | undefined,
  signal?: AbortSignal,
): Promise<Session> {
  await startNode(node, signal)
  const listener = socketPath === undefined ? undefined : await listen(node, socketPath)
  return {
    node: 'own',
    call(
      name,
      request,
      { signal = new AbortController().signal, onStep = () => undefined, input = NO_INPUT } = {},
    ) {
      const operation = operationOf(name)
      return operation?.({ node, signal, onStep, input }, request) as never
    },
    async [Symbol.asyncDispose]() {
      await listener?.close()
      await node.stop()
    },
  }
}
