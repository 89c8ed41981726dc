import { Command } from 'commander'
import { getCommand } from './get.ts'
import { lsCommand } from './ls.ts'
import { putCommand } from './put.ts'
import { rmCommand } from './rm.ts'
import { statCommand } from './stat.ts'
import { undoCommand } from './undo.ts'

/** `holdfast files ls|stat|put|get|rm|undo` */
export function filesCommand(): Command {
  const command = new Command('files')
    .summary('list, write, read and delete files')
    .description('Files of the node.')
  for (const sub of [lsCommand(), statCommand(), putCommand(), getCommand(), rmCommand(), undoCommand()])
    command.addCommand(sub)
  return command
}
