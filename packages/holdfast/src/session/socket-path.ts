import { join, relative, resolve } from 'node:path'
import type { HoldfastNode } from '@holdfast/core'

/** Longest name of a socket that Linux and macOS both take, bytes. */
const LONGEST = 103

/**
 * Where a node hears the command: in its data folder, so that whoever may not look into it may not ask either. Undefined
 * for a node without a manifest of ours, and for a folder whose name is too long for a socket.
 */
export function socketPathOf(node: Pick<HoldfastNode, 'explainConfig'>): string | undefined {
  const dataDir = node.explainConfig().find(({ plugin, knob }) => plugin === 'manifest' && knob === 'dataDir')
  if (typeof dataDir?.value !== 'string') return undefined
  const path = join(resolve(dataDir.value), 'command.sock')
  return [path, relative(process.cwd(), path)].find((name) => Buffer.byteLength(name) <= LONGEST)
}
