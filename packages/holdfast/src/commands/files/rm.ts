import type { Command } from 'commander'
import type { Removal, Removed } from '../../operations/removal.ts'
import { confirmed } from '../../terminal/confirm.ts'
import { EXIT } from '../../terminal/exit.ts'
import type { Column } from '../../terminal/table.ts'
import { counted, size } from '../../terminal/units.ts'
import { itemsOf, type NodeFlags, nodeCommand, withNode } from '../node-command.ts'
import { timeSpan } from '../values.ts'

interface RemoveFlags extends NodeFlags {
  readonly recursive?: boolean
  readonly delay?: number
  readonly act?: boolean
  readonly yes?: boolean
}

const COLUMNS: readonly Column<Removal>[] = [
  { head: 'SIZE', of: (removal) => size(removal.size), right: true },
  { head: 'HELD', of: ({ held }) => (held ? 'held, stays' : '') },
  { head: 'PATH', of: ({ path }) => path, gives: true },
]

/** `holdfast files rm <path>` */
export function rmCommand(): Command {
  return nodeCommand('rm', 'delete files; without --act it only names them')
    .argument('<path>')
    .option('-r, --recursive', 'everything below this folder')
    .option(
      '--delay <time>',
      'how long undo can bring them back, such as 1h; default: eraseDelay of the manifest',
      timeSpan,
    )
    .option('--act', 'really do it')
    .option('--yes', 'do not ask once more')
    .action((path: string, { recursive, delay, act, yes, ...flags }: RemoveFlags) =>
      withNode(
        flags,
        async ({ session, screen, signal }) => {
          const chosen = { path, ...(recursive && { recursive }), ...(delay !== undefined && { delay }) }
          let seen = {}
          if (act && screen.isTerminal && !yes) {
            const found = itemsOf(session.call('files.rm', chosen, { signal }))
            // With --json the lines are what was deleted.
            if (screen.json) for await (const _ of found.items);
            else await screen.list(COLUMNS, found.items)
            const { files, bytes, held, generation } = found.result()
            const question = `Delete ${counted(files, 'file')}, ${size(bytes)}${held > 0 ? `, and keep ${held} that are held` : ''}?`
            if (files === 0 || !(await confirmed(screen, question, { signal }))) return refused(screen)
            seen = { unchangedSince: generation }
          }
          const { items, result } = itemsOf(
            session.call('files.rm', { ...chosen, ...seen, ...(act && { act }) }, { signal }),
          )
          await screen.list(COLUMNS, items)
          const removed = result()
          screen.say(told(removed))
          return act && removed.files === 0 && (removed.held > 0 || !recursive) ? EXIT.refused : EXIT.ok
        },
        { unread: act ? EXIT.aborted : EXIT.ok },
      ),
    )
}

function refused(screen: { say(text: string): void }) {
  screen.say('nothing was deleted')
  return EXIT.refused
}

function told({ files, bytes, held, acted }: Removed): string {
  const kept = held > 0 ? `; ${counted(held, 'file')} held` : ''
  return acted
    ? `deleted ${counted(files, 'file')}, ${size(bytes)}${kept}; "holdfast files undo" brings them back until their bytes are erased`
    : `would delete ${counted(files, 'file')}, ${size(bytes)}${kept}; --act does it`
}
