import { parseArgs } from 'node:util'
import { KINDS, type Kind } from './names.ts'

/** What was said on the command line. What is missing is asked for. */
export interface CommandLine {
  readonly folder?: string
  readonly kind?: Kind
  readonly name?: string
  readonly id?: string
  /** Ask nothing: take what was said, and defaults for the rest. */
  readonly yes: boolean
  readonly help: boolean
  readonly version: boolean
}

export const USAGE = `npm create holdfast-plugin [folder] -- [options]

  --kind <kind>  backend (keeps bytes) or plugin (taps, jobs, services); default plugin
  --name <name>  the name on npm, such as @acme/holdfast-backend-x; default: from the folder
  --id <id>      the name in a node; default: from the name on npm
  --yes          ask nothing
  --help         say this
  --version      say which version this is`

/** The command line cannot be understood; the message says why. */
export class UsageProblem extends Error {
  override readonly name = 'UsageProblem'
}

/** @throws UsageProblem */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parsed(args)
  const { kind, name, id, yes = false, help = false, version = false } = values
  const [folder, ...others] = positionals
  if (others.length > 0) throw new UsageProblem(`one folder is enough: ${positionals.join(', ')}`)
  if (kind !== undefined && !isKind(kind))
    throw new UsageProblem(`--kind is ${KINDS.join(' or ')}, not ${kind}`)
  return {
    ...(folder !== undefined && { folder }),
    ...(kind !== undefined && { kind }),
    ...(name !== undefined && { name }),
    ...(id !== undefined && { id }),
    yes,
    help,
    version,
  }
}

export function isKind(text: string): text is Kind {
  return (KINDS as readonly string[]).includes(text)
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        kind: { type: 'string' },
        name: { type: 'string' },
        id: { type: 'string' },
        yes: { type: 'boolean', short: 'y' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    })
  } catch (error) {
    throw new UsageProblem(error instanceof Error ? error.message : String(error))
  }
}
