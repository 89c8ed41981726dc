import type { ConfigEntry } from '@holdfast/core'
import { Command } from 'commander'
import { loadNode } from '../load-node.ts'
import { fail } from '../terminal/failure.ts'
import { Screen } from '../terminal/screen.ts'
import type { Column } from '../terminal/table.ts'
import { type NodeFlags, nodeCommand } from './node-command.ts'

interface ShowFlags extends NodeFlags {
  readonly set?: boolean
}

const COLUMNS: readonly Column<ConfigEntry>[] = [
  { head: 'SETTING', of: ({ plugin, knob }) => `${plugin}.${knob}` },
  { head: 'VALUE', of: ({ shown }) => shown, gives: true },
  {
    head: 'FROM',
    of: ({ source, from }) => from ?? source,
    gives: true,
  },
]

/** `holdfast config show|docs` */
export function configCommand(): Command {
  return new Command('config')
    .summary('show the settings of the node, and what they mean')
    .description('Settings. The node is assembled for it, and not started.')
    .addCommand(
      nodeCommand('show', 'every setting, its value, and where it came from')
        .option('--set', 'only those that somebody has set')
        .action((flags: ShowFlags) => show(flags)),
    )
    .addCommand(
      nodeCommand('docs', 'what every setting means and takes').action((flags: NodeFlags) => docs(flags)),
    )
}

async function show({ configFile, json, set = false }: ShowFlags): Promise<void> {
  const screen = new Screen({ json })
  try {
    const entries = (await loadNode(configFile)).explainConfig()
    await screen.list(
      COLUMNS,
      entries.filter(({ source }) => !set || source !== 'default'),
    )
  } catch (error) {
    process.exitCode = fail(screen, error)
  }
}

async function docs({ configFile, json }: NodeFlags): Promise<void> {
  const screen = new Screen({ json })
  try {
    const entries = (await loadNode(configFile)).explainConfig()
    if (json) return await screen.list(COLUMNS, entries)
    for (const { plugin, knob, about } of entries) {
      const { doc, takes, variable, zero, negative, unset } = about
      const facts: readonly (readonly [string, string | undefined])[] = [
        ['takes', takes],
        ['default', about.default],
        ['left out', unset],
        ['0', zero],
        ['below 0', negative],
        ['variable', variable],
      ]
      screen.say(`${screen.paint('bold', `${plugin}.${knob}`)}\n  ${doc}`)
      for (const [name, text] of facts) if (text !== undefined) screen.say(`  ${name}: ${text}`)
    }
  } catch (error) {
    process.exitCode = fail(screen, error)
  }
}
