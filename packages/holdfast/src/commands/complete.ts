import { Argument, Command } from 'commander'
import { candidates, type NamesOf } from '../completion/candidates.ts'
import { SCRIPTS, type Shell } from '../completion/scripts.ts'
import { loadNode } from '../load-node.ts'
import { printable } from '../terminal/table.ts'

/** `holdfast complete bash|zsh|fish` prints a script, which asks `holdfast complete -- <words>`. */
export function completeCommand(): Command {
  return new Command('complete')
    .summary('print a script that completes commands in a shell')
    .description(
      'Prints a script for a shell; its first lines say where it goes. It completes commands, flags and the names of jobs.',
    )
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .action((shell: Shell) => void process.stdout.write(SCRIPTS[shell]))
}

/** Answers the script: what the last word may become. */
export async function complete(program: Command, words: readonly string[]): Promise<void> {
  for (const { value, about } of await candidates(program, words, namesOf))
    process.stdout.write(`${printable(value)}\t${printable(about)}\n`)
}

const namesOf: NamesOf = async (argument, configFile = '.') => {
  if (argument !== 'job') return []
  try {
    const node = await loadNode(configFile, { log: 'silent' })
    return node.jobs.names().map((value) => ({ value, about: '' }))
  } catch {
    // Nobody wants to hear of it in the middle of a line.
    return []
  }
}
