import type { Command } from 'commander'
import { EXIT } from '../terminal/exit.ts'
import { counted, size } from '../terminal/units.ts'
import { itemsOf, type NodeFlags, nodeCommand, withNode } from './node-command.ts'

interface CheckFlags extends NodeFlags {
  readonly prefix?: string
  readonly bytes?: boolean
}

/** `holdfast check`: ends with 1 when something does not fit. */
export function checkCommand(): Command {
  return nodeCommand('check', 'compare the manifest with itself and with the bytes of the files')
    .description(
      'Counts the manifest anew and looks for the bytes of every listed file. Changes nothing. While the manifest is ' +
        'counted the node does nothing else, for some seconds with a million files; with --prefix it is left out.',
    )
    .option('--prefix <prefix>', 'only files whose paths begin so')
    .option('--bytes', 'read every byte and compare the checksums')
    .action(({ prefix, bytes, ...flags }: CheckFlags) =>
      withNode(
        flags,
        async ({ session, screen, signal }) => {
          const request = { ...(prefix !== undefined && { prefix }), ...(bytes && { bytes }) }
          const onStep = screen.progress.update
          const { items, result } = itemsOf(session.call('check', request, { signal, onStep }))
          await screen.list(
            [
              { head: 'PROBLEM', of: ({ problem }) => problem },
              { head: 'PATH', of: ({ path = '-' }) => path, gives: true },
              { head: 'WHAT', of: ({ message }) => message, gives: true },
            ],
            items,
          )
          const { files, bytes: total, findings } = result()
          const found = findings === 0 ? 'all is well' : counted(findings, 'problem')
          screen.say(`${found}: ${counted(files, 'file')}, ${size(total)} ${bytes ? 'read' : 'looked at'}`)
          return findings === 0 ? EXIT.ok : EXIT.failed
          // Only findings are printed before the end.
        },
        { unread: EXIT.failed },
      ),
    )
}
