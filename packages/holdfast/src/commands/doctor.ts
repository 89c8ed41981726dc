import type { Command } from 'commander'
import { examineApart } from '../doctor/apart.ts'
import type { Finding } from '../doctor/finding.ts'
import { EXIT } from '../terminal/exit.ts'
import { fail } from '../terminal/failure.ts'
import { Screen } from '../terminal/screen.ts'
import { counted } from '../terminal/units.ts'
import { type NodeFlags, nodeCommand } from './node-command.ts'

/** `holdfast doctor`: ends with 1 when something has failed. */
export function doctorCommand(): Command {
  return nodeCommand('doctor', 'look whether a node can run here, and what to mend')
    .description(
      'Looks at Node, the config file, the plugins, disks, records and clock. Starts no node and changes nothing; a node ' +
        'that runs is asked. Every finding that is not ok says what to do.',
    )
    .action(doctor)
}

const STYLES = { ok: 'green', warning: 'yellow', failed: 'red' } as const

async function doctor({ configFile, json }: NodeFlags): Promise<void> {
  const screen = new Screen({ json })
  const counts = { ok: 0, warning: 0, failed: 0 }
  try {
    for await (const finding of examineApart(configFile)) {
      counts[finding.state]++
      screen.value(finding, () => linesOf(finding, screen))
    }
    const { ok, warning, failed } = counts
    const parts = [
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(warning > 0 ? [counted(warning, 'warning')] : []),
      `${ok} ok`,
    ]
    screen.say(parts.join(', '))
    process.exitCode = failed > 0 ? EXIT.failed : EXIT.ok
  } catch (error) {
    process.exitCode = fail(screen, error)
  }
}

function linesOf(finding: Finding, screen: Screen): string[] {
  const { check, state, message } = finding
  const line = `${screen.paint(STYLES[state], state.padEnd(8))} ${check}: ${screen.plain(message)}`
  return 'cure' in finding
    ? [line, `         ${screen.paint('bold', 'cure')}: ${screen.plain(finding.cure)}`]
    : [line]
}
