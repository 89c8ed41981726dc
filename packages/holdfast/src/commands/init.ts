import { relative } from 'node:path'
import { Command } from 'commander'
import { type Initialised, init } from '../init/init.ts'
import { fail } from '../terminal/failure.ts'
import { Screen } from '../terminal/screen.ts'

/** `holdfast init [folder]` */
export function initCommand(): Command {
  return new Command('init')
    .summary('write a first config file')
    .description(
      'Writes a config file for a node that runs alone, with one policy that deletes nothing by itself, and keeps its ' +
        'folders out of git. A config file that is there stays as it is.',
    )
    .argument('[folder]', 'made when it is not there', '.')
    .option('--json', 'print one JSON object')
    .action((folder: string, { json }: { readonly json?: boolean }) => {
      const screen = new Screen({ json })
      try {
        const made = init(folder)
        screen.value(made, () => linesOf(made, folder, screen))
      } catch (error) {
        process.exitCode = fail(screen, error)
      }
    })
}

function linesOf({ config, gitignore }: Initialised, folder: string, screen: Screen): string[] {
  const name = (file: string) => screen.plain(relative(process.cwd(), file))
  const where = relative(process.cwd(), folder) === '' ? '' : ` -c ${folder}`
  // As it was called: what npx has fetched is not found by its name alone.
  const command = process.env.npm_lifecycle_event === 'npx' ? 'npx holdfast' : 'holdfast'
  const next = [
    ['doctor', 'looks whether a node can run here'],
    ['start', 'runs it until Ctrl-C'],
    ['files put <file> <path>', 'writes a file, from a second terminal or without a start'],
    ['retention plan', 'shows what the policy would delete'],
  ].map(([what, why]) => [`  ${command} ${what}${where}`, why] as const)
  const width = Math.max(...next.map(([what]) => what.length))
  return [
    `wrote ${name(config)}`,
    ...(gitignore && gitignore.added.length > 0
      ? [`added ${gitignore.added.join(' and ')} to ${name(gitignore.file)}`]
      : []),
    '',
    'Read it, and then:',
    ...next.map(([what, why]) => `${screen.plain(what).padEnd(width)}  ${why}`),
  ]
}
