import { basename, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { type CommandLine, isKind } from './command-line.ts'
import { KINDS, type Kind, NameProblem, type Names, namesOf } from './names.ts'

export interface Answers {
  readonly folder: string
  readonly kind: Kind
  readonly names: Names
}

/** Asks one question. Whatever is not good is asked again; nothing takes the default. */
export type Ask = <T>(question: string, fallback: string, read: (answer: string) => T) => Promise<T>

/** What the command line leaves open, from `ask`; without it, from defaults. */
export async function answersFor(line: CommandLine, ask: Ask | undefined): Promise<Answers> {
  const settle = async <T>(question: string, fallback: string, read: (answer: string) => T): Promise<T> =>
    ask ? await ask(question, fallback, read) : read(fallback)
  const kind = line.kind ?? (await settle(`What will it be, ${KINDS.join(' or ')}?`, 'plugin', readKind))
  const names =
    line.name !== undefined
      ? namesOf(line.name, line.id)
      : await settle('Its name on npm?', nameFor(kind, line.folder), (name) => namesOf(name, line.id))
  const folder =
    line.folder ?? (await settle('In which folder?', basename(names.name), (answer) => answer.trim()))
  return { folder: resolve(folder), kind, names }
}

function nameFor(kind: Kind, folder: string | undefined): string {
  const base = folder === undefined ? 'example' : basename(resolve(folder)).toLowerCase()
  return base.startsWith('holdfast-') ? base : `holdfast-${kind}-${base}`
}

function readKind(answer: string): Kind {
  if (!isKind(answer)) throw new NameProblem(`${answer} is neither ${KINDS.join(' nor ')}`)
  return answer
}

/** Asks on a terminal, until `close`. */
export function terminal(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): { readonly ask: Ask; close(): void } {
  const lines = createInterface({ input, output })
  return {
    async ask(question, fallback, read) {
      for (;;) {
        const answer = (await lines.question(`${question} (${fallback}) `)).trim()
        try {
          return read(answer === '' ? fallback : answer)
        } catch (error) {
          if (!(error instanceof NameProblem)) throw error
          output.write(`${error.message}\n`)
        }
      }
    },
    close: () => lines.close(),
  }
}
