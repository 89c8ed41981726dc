import type { HoldfastNode } from '@holdfast/core'

/** Starts a node. A start that is cut short takes back what it has opened. @throws what ends it */
export async function startNode(node: HoldfastNode, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  const onAbort = () => void node.stop().catch(() => undefined)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    await node.start()
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}
