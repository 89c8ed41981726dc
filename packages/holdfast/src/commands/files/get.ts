import { randomUUID } from 'node:crypto'
import { createWriteStream, existsSync } from 'node:fs'
import { link, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { HoldfastError } from '@holdfast/core'
import type { Command } from 'commander'
import { size } from '../../terminal/units.ts'
import { itemsOf, type NodeFlags, nodeCommand, withNode } from '../node-command.ts'

interface GetFlags extends NodeFlags {
  readonly force?: boolean
}

/** `holdfast files get <path> [to]` */
export function getCommand(): Command {
  return nodeCommand('get', 'read a file')
    .argument('<path>', 'its path in the node')
    .argument('[to]', 'a file of this machine; - is standard output', '-')
    .option('--force', 'write over a file that is there')
    .action((path: string, to: string, { force = false, ...flags }: GetFlags) =>
      withNode(flags, async ({ session, screen, signal }) => {
        const onStep = to === '-' ? () => undefined : screen.progress.update
        const { items, result } = itemsOf(session.call('files.get', { path }, { signal, onStep }))
        if (to === '-') {
          await pipeline(items, process.stdout, { end: false })
          return
        }
        if (!force && existsSync(to)) throw taken(to)
        await intoFile(to, items, force)
        const { bytes } = result()
        screen.value({ path, to, bytes }, () => `read ${screen.plain(path)}, ${size(bytes)}`)
      }),
    )
}

/** The file gets its name when all of its bytes were there and verified: half a file never has it. */
async function intoFile(to: string, bytes: AsyncIterable<Uint8Array>, force: boolean): Promise<void> {
  const part = join(dirname(to), `.${basename(to)}.${randomUUID()}`)
  try {
    await pipeline(bytes, createWriteStream(part, { flags: 'wx' }))
    if (force) await rename(part, to)
    // Unlike a rename it refuses a name that is taken.
    else
      await link(part, to).catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'EEXIST' ? taken(to) : error
      })
  } finally {
    await rm(part, { force: true })
  }
}

function taken(to: string): HoldfastError {
  return new HoldfastError('HF_PATH_EXISTS', `${to} is there already; --force writes over it`)
}
