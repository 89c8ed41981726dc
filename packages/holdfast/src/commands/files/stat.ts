import type { Entry } from '@holdfast/core'
import type { Command } from 'commander'
import type { Screen } from '../../terminal/screen.ts'
import { count, size, time } from '../../terminal/units.ts'
import { type NodeFlags, nodeCommand, resultOf, withNode } from '../node-command.ts'

/** `holdfast files stat <path>` */
export function statCommand(): Command {
  return nodeCommand('stat', 'show what is known of a file')
    .argument('<path>')
    .action((path: string, flags: NodeFlags) =>
      withNode(flags, async ({ session, screen, signal }) => {
        const entry = await resultOf(session.call('files.stat', { path }, { signal }))
        screen.value(entry, () => entryLines(entry, screen))
      }),
    )
}

/** A listed file, a line for each field that it has. */
export function entryLines(entry: Entry, screen: Screen): string[] {
  const { path, key, namespace, size: bytes, checksum, minTime, maxTime, timesFrom, rows, createdAt } = entry
  const { origin, storeId, generation, metadata = {} } = entry
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['path', path],
    ['key', key],
    ['namespace', namespace],
    ['size', `${size(bytes)} (${count(bytes)} bytes)`],
    ['checksum', checksum],
    ['oldest row', minTime === undefined ? undefined : time(minTime)],
    [
      'newest row',
      maxTime === undefined ? undefined : `${time(maxTime)}${timesFrom ? `, as its ${timesFrom} says` : ''}`,
    ],
    ['rows', rows === undefined ? undefined : count(rows)],
    ['written', `${time(createdAt)} by ${origin}`],
    ['store', storeId],
    ['generation', String(generation)],
    ...Object.entries(metadata),
  ]
  return fields.flatMap(([name, text]) =>
    text === undefined ? [] : `${screen.paint('bold', screen.plain(name).padEnd(12))}${screen.plain(text)}`,
  )
}
