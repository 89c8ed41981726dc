import type { Argument, Command, Option } from 'commander'

/** What may stand at a place of the command line, and what it means. */
export interface Candidate {
  readonly value: string
  readonly about: string
}

/** Names that an argument takes here and now, such as those of jobs; `configFile` is what was said before it. */
export type NamesOf = (argument: string, configFile: string | undefined) => Promise<readonly Candidate[]>

/**
 * What the last of the words may become; the words before it are taken as they are. None where a shell should offer its
 * files.
 */
export async function candidates(
  program: Command,
  words: readonly string[],
  namesOf: NamesOf,
): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? ''
  const { command, waiting, position, configFile, isPlain } = walk(program, words.slice(0, -1))
  const all =
    waiting !== undefined
      ? choicesOf(waiting)
      : current.startsWith('-') && !isPlain
        ? optionsOf(command)
        : command.commands.length > 0 && position === 0
          ? commandsOf(command)
          : await valuesOf(argumentAt(command, position), configFile, namesOf)
  return all.filter(({ value }) => value.startsWith(current))
}

interface Place {
  readonly command: Command
  /** The option whose value comes next. */
  readonly waiting: Option | undefined
  /** Number of arguments so far. */
  readonly position: number
  readonly configFile: string | undefined
  /** After `--` nothing is an option. */
  readonly isPlain: boolean
}

function walk(program: Command, words: readonly string[]): Place {
  let [command, waiting, position, isPlain] = [program, undefined as Option | undefined, 0, false]
  let configFile: string | undefined
  for (const word of words) {
    if (waiting) {
      if (waiting.attributeName() === 'configFile') configFile = word
      waiting = undefined
    } else if (word === '--') isPlain = true
    else if (word.startsWith('-') && !isPlain)
      waiting = command.options.find(
        ({ short, long, required, optional }) => (required || optional) && (word === short || word === long),
      )
    else {
      const sub = position === 0 ? command.commands.find((one) => one.name() === word) : undefined
      if (sub) command = sub
      else position++
    }
  }
  return { command, waiting, position, configFile, isPlain }
}

function commandsOf(command: Command): readonly Candidate[] {
  const visible = command.createHelp().visibleCommands(command)
  return visible.map((sub) => ({ value: sub.name(), about: sub.summary() || sub.description() }))
}

function optionsOf(command: Command): readonly Candidate[] {
  const visible = command.createHelp().visibleOptions(command)
  return visible.map(({ long, short, description }) => ({ value: long ?? short ?? '', about: description }))
}

function argumentAt(command: Command, position: number): Argument | undefined {
  const { registeredArguments } = command
  const last = registeredArguments.at(-1)
  return registeredArguments[position] ?? (last?.variadic ? last : undefined)
}

async function valuesOf(
  argument: Argument | undefined,
  configFile: string | undefined,
  namesOf: NamesOf,
): Promise<readonly Candidate[]> {
  if (!argument) return []
  const choices = choicesOf(argument)
  return choices.length > 0 ? choices : await namesOf(argument.name(), configFile)
}

function choicesOf({ argChoices = [] }: Pick<Argument | Option, 'argChoices'>): readonly Candidate[] {
  return argChoices.map((value) => ({ value, about: '' }))
}
