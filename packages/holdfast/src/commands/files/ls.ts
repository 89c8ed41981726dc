import type { Condemned, Entry } from '@holdfast/core'
import type { Command } from 'commander'
import type { Column } from '../../terminal/table.ts'
import { counted, size, time } from '../../terminal/units.ts'
import { itemsOf, type NodeFlags, nodeCommand, withNode } from '../node-command.ts'
import { wholeNumber } from '../values.ts'

interface ListFlags extends NodeFlags {
  readonly condemned?: boolean
  readonly limit?: number
}

const LISTED: readonly Column<Entry>[] = [
  { head: 'SIZE', of: (entry) => size(entry.size), right: true },
  { head: 'NEWEST ROW', of: ({ maxTime }) => time(maxTime) },
  { head: 'WRITTEN', of: ({ createdAt }) => time(createdAt) },
  { head: 'PATH', of: ({ path }) => path, gives: true },
]

const CONDEMNED: readonly Column<Condemned>[] = [
  { head: 'SIZE', of: ({ entry }) => (entry ? size(entry.size) : '-'), right: true },
  { head: 'KEPT UNTIL', of: ({ notBefore }) => time(notBefore) },
  { head: 'REASON', of: ({ reason }) => reason },
  { head: 'RUN', of: ({ run = '-' }) => run },
  { head: 'PATH', of: ({ entry, key }) => entry?.path ?? key, gives: true },
]

/** `holdfast files ls [prefix]` */
export function lsCommand(): Command {
  return nodeCommand('ls', 'list files in the order of their paths')
    .argument('[prefix]', 'only files whose paths begin so', '')
    .option('--condemned', 'what is on its way out and can still be undone')
    .option('--limit <count>', 'most files', wholeNumber)
    .action((prefix: string, { condemned, limit, ...flags }: ListFlags) =>
      withNode(flags, async ({ session, screen, signal }) => {
        const request = { prefix, ...(condemned && { condemned }), ...(limit !== undefined && { limit }) }
        const { items, result } = itemsOf(session.call('files.ls', request, { signal }))
        await screen.list((condemned ? CONDEMNED : LISTED) as readonly Column<Entry | Condemned>[], items)
        const { files, bytes, cut } = result()
        screen.say(`${counted(files, 'file')}, ${size(bytes)}${cut ? '; there are more' : ''}`)
      }),
    )
}
