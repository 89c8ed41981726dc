import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { HoldfastError } from '@holdfast/core'
import type { Command } from 'commander'
import { size } from '../../terminal/units.ts'
import { type NodeFlags, nodeCommand, resultOf, withNode } from '../node-command.ts'
import { moment, wholeNumber } from '../values.ts'

interface PutFlags extends NodeFlags {
  readonly replace?: boolean
  readonly namespace?: string
  readonly minTime?: number
  readonly maxTime?: number
  readonly rows?: number
}

/** `holdfast files put <from> <path>` */
export function putCommand(): Command {
  return nodeCommand('put', 'write a file')
    .argument('<from>', 'a file of this machine; - is standard input')
    .argument('<path>', 'its path in the node')
    .option('--replace', 'write over the file that has this path')
    .option('--namespace <name>', 'default: as the path says')
    .option('--min-time <time>', 'time of its oldest row; default: as the path says', moment)
    .option('--max-time <time>', 'time of its newest row', moment)
    .option('--rows <count>', 'number of its rows', wholeNumber)
    .action((from: string, path: string, { configFile, json, ...facts }: PutFlags) =>
      withNode({ configFile, ...(json && { json }) }, async ({ session, screen, signal }) => {
        const source = await sourceOf(from)
        const request = { path, ...facts, ...(source.size !== undefined && { size: source.size }) }
        const options = { signal, onStep: screen.progress.update, input: source.bytes }
        try {
          const entry = await resultOf(session.call('files.put', request, options))
          screen.value(entry, () => `wrote ${screen.plain(entry.path)}, ${size(entry.size)}`)
        } finally {
          // Refused in the middle, it would wait for input that nobody takes.
          source.bytes.destroy()
        }
      }),
    )
}

async function sourceOf(from: string): Promise<{ readonly bytes: Readable; readonly size?: number }> {
  if (from === '-') return { bytes: process.stdin }
  // Before the node is asked for anything: a folder has a size, and cannot be read.
  const found = await stat(from)
  if (found.isDirectory()) throw new HoldfastError('HF_REQUEST_INVALID', `${from} is a folder; name a file`)
  return { bytes: createReadStream(from), size: found.size }
}
