import pretty from 'pino-pretty'
import type { LoadOptions } from '../load-node.ts'

/** Logs of a node: for people in a terminal, otherwise the JSON lines that they are. */
export function nodeLog(): Pick<LoadOptions, 'logTo'> {
  if (!process.stderr.isTTY) return {}
  // Synchronous, as the lines themselves are: what was logged before a crash is seen.
  return { logTo: pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' }) }
}
