import type { Hold, HoldScope } from '@holdfast/core'
import { Command } from 'commander'
import { scopeText } from '../operations/holds.ts'
import { confirmed } from '../terminal/confirm.ts'
import { EXIT } from '../terminal/exit.ts'
import type { Column } from '../terminal/table.ts'
import { counted, time } from '../terminal/units.ts'
import { userName } from '../user-name.ts'
import { itemsOf, type NodeFlags, nodeCommand, resultOf, withNode } from './node-command.ts'
import { moment } from './values.ts'

/** `holdfast hold add|ls|rm` */
export function holdCommand(): Command {
  return new Command('hold')
    .summary('keep files from being deleted')
    .description('Holds are rules: no job and no call deletes what they cover, also what comes later.')
    .addCommand(addCommand())
    .addCommand(lsCommand())
    .addCommand(rmCommand())
}

interface AddFlags extends NodeFlags {
  readonly folder?: string
  readonly namespace?: string
  readonly key?: string
  readonly run?: string
  readonly owner: string
  readonly id?: string
  readonly until?: number
  readonly act?: boolean
}

function addCommand(): Command {
  return nodeCommand('add', 'hold a file, a folder, a namespace, or what a run takes')
    .argument('[path]', 'the file of this path')
    .option('--folder <folder>', 'everything below this folder')
    .option('--namespace <name>', 'everything of this namespace')
    .option('--key <key>', 'the file that lies under this key')
    .option('--run <run>', 'what this run condemns, or has condemned')
    .option('--owner <name>', 'who asks for it', userName())
    .option('--id <id>', 'its name; a hold of this name is replaced, with --act also one that holds more')
    .option('--act', 'really replace a hold that holds more')
    .option('--until <time>', 'it ends by itself; default: when it is released', moment)
    .action((path: string | undefined, flags: AddFlags, command: Command) => {
      const { folder, namespace, key, run, owner, id, until, act, ...rest } = flags
      const said = Object.entries({ path, folder, namespace, key, run }).filter(([, of]) => of !== undefined)
      if (said.length !== 1) command.error('error: say one of [path], --folder, --namespace, --key and --run')
      const scope = Object.fromEntries(said) as HoldScope
      const hold = {
        scope,
        owner,
        ...(id !== undefined && { id }),
        ...(until !== undefined && { expiresAt: until }),
        ...(act && { replace: true }),
      }
      return withNode(rest, async ({ session, screen, signal }) => {
        const held = await resultOf(session.call('hold.add', hold, { signal }))
        screen.value(held, () => [
          `${held.id} holds ${screen.plain(scopeText(held))}`,
          ...(held.doomed > 0 ? [`too late for ${counted(held.doomed, 'file')}: being erased already`] : []),
        ])
      })
    })
}

const COLUMNS: readonly Column<Hold>[] = [
  { head: 'HOLD', of: ({ id }) => id },
  { head: 'OF', of: scopeText, gives: true },
  { head: 'OWNER', of: ({ owner }) => owner },
  { head: 'UNTIL', of: ({ expiresAt }) => (expiresAt === undefined ? 'released' : time(expiresAt)) },
]

function lsCommand(): Command {
  return nodeCommand('ls', 'list the holds, also those that have ended').action((flags: NodeFlags) =>
    withNode(flags, async ({ session, screen, signal }) => {
      const { items, result } = itemsOf(session.call('hold.ls', {}, { signal }))
      await screen.list(COLUMNS, items)
      screen.say(counted(result().holds, 'hold'))
    }),
  )
}

interface ReleaseFlags extends NodeFlags {
  readonly act?: boolean
  readonly yes?: boolean
}

function rmCommand(): Command {
  return nodeCommand('rm', 'release a hold; without --act it is only shown')
    .argument('<id>')
    .option('--act', 'really do it')
    .option('--yes', 'do not ask once more')
    .action((id: string, { act, yes, ...flags }: ReleaseFlags) =>
      withNode(flags, async ({ session, screen, signal }) => {
        const found = await resultOf(session.call('hold.rm', { id }, { signal }))
        const { hold } = found
        if (!hold || !act) {
          screen.value(found, () =>
            hold
              ? `would release ${id}, which holds ${screen.plain(scopeText(hold))}; --act does it`
              : `there is no hold ${id}`,
          )
          return hold ? EXIT.ok : EXIT.failed
        }
        const question = `Release ${id}? What it holds, ${screen.plain(scopeText(hold))}, may then be deleted.`
        if (!(await confirmed(screen, question, { yes, signal }))) return EXIT.refused
        const released = await resultOf(session.call('hold.rm', { id, act, current: hold }, { signal }))
        screen.value(released, () =>
          released.released ? `${id} holds nothing any more` : `${id} was released by somebody else`,
        )
        return released.released ? EXIT.ok : EXIT.refused
      }),
    )
}
