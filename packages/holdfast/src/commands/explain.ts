import type { Command } from 'commander'
import { scopeText } from '../operations/holds.ts'
import type { Explained } from '../operations/retention.ts'
import { EXIT } from '../terminal/exit.ts'
import type { Screen } from '../terminal/screen.ts'
import { size, time } from '../terminal/units.ts'
import { type NodeFlags, nodeCommand, resultOf, withNode } from './node-command.ts'

/** `holdfast explain <path>` */
export function explainCommand(): Command {
  return nodeCommand('explain', 'say what becomes of a file, and why')
    .argument('<path>')
    .action((path: string, flags: NodeFlags) =>
      withNode(flags, async ({ session, screen, signal }) => {
        const explained = await resultOf(session.call('explain', { path }, { signal }))
        screen.value(explained, () => linesOf(explained, screen))
        return explained.state === 'unknown' ? EXIT.failed : EXIT.ok
      }),
    )
}

function linesOf(explained: Explained, screen: Screen): string[] {
  const { path, state, entry, holds } = explained
  const file = entry
    ? `, ${size(entry.size)}, newest row ${time(entry.maxTime)}, written ${time(entry.createdAt)}`
    : ''
  const lines = [`${screen.plain(path)} is ${state}${file}`]
  for (const { id, owner, expiresAt, ...hold } of holds)
    lines.push(
      `  hold ${id} of ${owner} keeps it${expiresAt === undefined ? '' : ` until ${time(expiresAt)}`}: ${scopeText(hold)}`,
    )
  if (explained.by === 'manifest') return lines.map((line) => screen.plain(line))
  for (const { id, says, because, by, from } of explained.policies) {
    const why = because ?? (by === undefined ? '' : `by ${by}`)
    lines.push(
      `  policy ${id}: ${says}${why ? `, ${why}` : ''}${from === undefined ? '' : `; takes it from ${time(from)}`}`,
    )
  }
  if (state === 'live') lines.push(`  ${dueText(explained)}`)
  if (state === 'condemned')
    lines.push(`  until its bytes are erased this brings it back: holdfast files undo ${path}`)
  for (const old of explained.earlier) lines.push(`  earlier: ${old.key} is ${old.state}`)
  return lines.map((line) => screen.plain(line))
}

function dueText(explained: Extract<Explained, { by: 'retention' }>): string {
  const { due, dueFrom, schedule } = explained
  const when = schedule === 'off' ? 'runs only when it is asked to' : `runs at ${schedule}`
  if (due) return `it is due: the next run takes it; retention ${when}`
  return dueFrom === undefined
    ? 'it stays: nothing says that it goes'
    : `it stays until ${time(dueFrom)}; retention ${when}`
}
