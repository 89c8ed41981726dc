import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { checkCommand } from './commands/check.ts'
import { complete, completeCommand } from './commands/complete.ts'
import { configCommand } from './commands/config.ts'
import { acknowledgeCommand, retryCommand, trustClockCommand } from './commands/cures.ts'
import { doctorCommand } from './commands/doctor.ts'
import { explainCommand } from './commands/explain.ts'
import { filesCommand } from './commands/files/files.ts'
import { holdCommand } from './commands/hold.ts'
import { initCommand } from './commands/init.ts'
import { jobCommand } from './commands/jobs/job.ts'
import { retentionCommand } from './commands/retention.ts'
import { startCommand } from './commands/start.ts'
import { statusCommand } from './commands/status.ts'
import { verifyCommand } from './commands/verify.ts'
import { EXIT } from './terminal/exit.ts'
import { guardOutput } from './terminal/output.ts'

// The same path from `src` and from `dist`.
const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string }

/** Runs the command that the arguments name, and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  guardOutput()
  const program = createProgram()
  // Words of a line that is being typed, not a command.
  if (argv[2] === 'complete' && argv[3] === '--') return complete(program, argv.slice(4))
  throwing(program)
  try {
    await program.parseAsync(argv)
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help that was asked for ends with 0; commander has said everything else on standard error.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
  }
}

/** Commander exits by itself, in the middle of what is being written, unless every command is told to throw. */
function throwing(command: Command): void {
  command.exitOverride()
  for (const sub of command.commands) throwing(sub)
}

/** All commands. Made anew for each run: commander keeps state in them. */
export function createProgram(): Command {
  const program = new Command('holdfast')
    .description('A storage node that never loses a file it lists.')
    .version(version)
  const commands = [
    initCommand(),
    startCommand(),
    statusCommand(),
    doctorCommand(),
    checkCommand(),
    filesCommand(),
    holdCommand(),
    jobCommand(),
    retentionCommand(),
    explainCommand(),
    retryCommand(),
    acknowledgeCommand(),
    trustClockCommand(),
    configCommand(),
    verifyCommand(),
    completeCommand(),
  ]
  for (const command of commands) program.addCommand(command)
  return program
}
