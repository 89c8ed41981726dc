import { type Hold, HoldfastError, type HoldScope, type NewHold } from '@holdfast/core'
import { Command } from 'commander'
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
      }
      return withNode(rest, async ({ session, screen, signal }) => {
        for await (const old of session.call('hold.ls', {}, { signal }))
          if (!act && old.id === id && letsGo(old, hold)) throw replaces(old)
        const held = await resultOf(session.call('hold.add', hold, { signal }))
        screen.value(held, () => [
          `${held.id} holds ${screen.plain(scopeText(held))}`,
          ...(held.doomed > 0 ? [`too late for ${counted(held.doomed, 'file')}: being erased already`] : []),
        ])
      })
    })
}

/** Whether something is held no more, or not so long, when one takes the place of the other. */
function letsGo(old: Hold, { scope, expiresAt = Number.POSITIVE_INFINITY }: NewHold): boolean {
  const { expiresAt: ends = Number.POSITIVE_INFINITY } = old
  return ends > Date.now() && (scopeText(old) !== scopeText({ scope }) || expiresAt < ends)
}

function replaces(old: Hold): HoldfastError {
  return new HoldfastError(
    'HF_HELD',
    `hold ${old.id} holds ${scopeText(old)}${old.expiresAt === undefined ? '' : ` until ${time(old.expiresAt)}`}, which this one does not: --act replaces it, another --id stands beside it`,
    { context: { holds: [old] } },
  )
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
        const { scope } = hold
        const released = await resultOf(session.call('hold.rm', { id, act, scope }, { signal }))
        screen.value(released, () =>
          released.released
            ? `${id} holds nothing any more`
            : `${id} is another hold by now, or gone: it stays as it is`,
        )
        return released.released ? EXIT.ok : EXIT.refused
      }),
    )
}

/** `folder sales/2026` */
export function scopeText({ scope }: Pick<Hold, 'scope'>): string {
  const [[kind, of] = ['', '']] = Object.entries(scope)
  return `${kind} ${of}`
}
