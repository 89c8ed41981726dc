import type { Command } from 'commander'
import type { Undo } from '../../operations/removal.ts'
import { EXIT } from '../../terminal/exit.ts'
import type { Screen } from '../../terminal/screen.ts'
import { counted } from '../../terminal/units.ts'
import { type NodeFlags, nodeCommand, resultOf, type Work, withNode } from '../node-command.ts'
import { wholeNumber } from '../values.ts'

interface UndoFlags extends NodeFlags {
  readonly key?: string
  readonly run?: string
  readonly replacement?: number
}

/** `holdfast files undo [path]` */
export function undoCommand(): Command {
  return nodeCommand('undo', 'bring back what was deleted, as long as its bytes are there')
    .argument('[path]', 'the newest deleted file of this path')
    .option('--key <key>', 'the file that lies under this key')
    .option('--run <run>', 'everything that a run took')
    .option('--replacement <number>', 'take a replacement back', wholeNumber)
    .action((path: string | undefined, { key, run, replacement, ...flags }: UndoFlags, command: Command) => {
      const given = { path, key, run, replacement }
      const said = Object.entries(given).filter(([, value]) => value !== undefined)
      if (said.length !== 1) command.error('error: say one of [path], --key, --run and --replacement')
      return withNode(flags, (work) => undo(work, Object.fromEntries(said)))
    })
}

/** Brings it back and says what came. */
export async function undo({ session, screen, signal }: Work, request: object) {
  const undone = await resultOf(session.call('files.undo', request, { signal }))
  screen.value(undone, () => told(undone, screen))
  if (undone.of !== 'run' || undone.undone.files > 0) return EXIT.ok
  return isUnknown(undone) ? EXIT.failed : EXIT.refused
}

/** Nothing came back, and nothing was in the way. */
function isUnknown({ undone: { files, skipped } }: Extract<Undo, { of: 'run' }>): boolean {
  return files === 0 && Object.keys(skipped).length === 0
}

function told(undone: Undo, screen: Screen): string[] {
  if (undone.of === 'file') return [`${screen.plain(undone.entry.path)} is listed again`]
  if (undone.of === 'replacement')
    return [`${counted(undone.entries.length, 'file')} of the replacement listed again`]
  if (isUnknown(undone)) return ['there is no such run, or nothing that it took is left to come back']
  const { files, skipped, samples, reasons = {}, policies = [] } = undone.undone
  return [
    `${counted(files, 'file')} listed again`,
    ...Object.entries(reasons).map(
      ([reason, number]) => `  ${counted(number, 'file')} that ${screen.plain(reason)} had taken`,
    ),
    ...(policies.length > 0
      ? [`the next run takes them again, unless a hold or another policy keeps them`]
      : []),
    ...Object.entries(skipped).map(([code, number]) => `${counted(number, 'file')} not: ${code}`),
    ...samples.map(({ path, key, code }) => `  ${screen.plain(path ?? key)}: ${code}`),
  ]
}
