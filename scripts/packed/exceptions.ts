import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestFile } from './test-files.ts'

export const EXCEPTIONS_FILE = 'scripts/packed-exceptions.txt'

const KINDS = ['inside', 'workspace', 'slow'] as const

export interface Exception {
  /** `inside`: imports sources. `workspace`: reads other files of the workspace. `slow`: not in the quick run. */
  readonly kind: (typeof KINDS)[number]
  /** A test file or, with `/` at its end, a folder of them; from the root. */
  readonly path: string
}

export const readExceptions = (root: string): Exception[] =>
  parseExceptions(readFileSync(join(root, EXCEPTIONS_FILE), 'utf8'))

/** Lines of a kind and a path, either with a `# comment`. */
export function parseExceptions(text: string): Exception[] {
  return text.split('\n').flatMap((line, index) => {
    const words = line.replace(/#.*/, '').trim().split(/\s+/)
    if (words[0] === '') return []
    const kind = KINDS.find((known) => known === words[0])
    const path = words[1]
    if (kind === undefined || path === undefined || words.length > 2) {
      throw new Error(`${EXCEPTIONS_FILE}:${index + 1}: a line is one of ${KINDS.join(', ')} and a path`)
    }
    return [{ kind, path }]
  })
}

/** Where the list does not say what is: no test may stop running against its tarball without a line that says so. */
export function exceptionProblems(exceptions: readonly Exception[], files: readonly TestFile[]): string[] {
  const listed = exceptions.map(({ path }) => path)
  return [
    ...files.flatMap(({ file, inside }) => {
      if (inside === undefined || exceptions.some((one) => one.kind === 'inside' && covers(one, file)))
        return []
      const what = inside === file ? '' : `by way of ${inside} `
      return [
        `${file} ${what}imports sources, which no tarball has: import by the package's name what is public, or add a line "inside ${file}"`,
      ]
    }),
    ...exceptions.flatMap((exception) => {
      const covered = files.filter(({ file }) => covers(exception, file))
      if (covered.length === 0) return [`${exception.path} is no test: take its line out`]
      if (exception.kind !== 'inside') return []
      return covered
        .filter(({ inside }) => inside === undefined)
        .map(({ file }) => `${file} does not look inside: take it out of "inside ${exception.path}"`)
    }),
    ...listed.filter((path, index) => listed.indexOf(path) !== index).map((path) => `${path} is there twice`),
  ].map((problem) => `${EXCEPTIONS_FILE}: ${problem}`)
}

/** The test files of a package that run against its tarball. */
export function runnable(
  exceptions: readonly Exception[],
  files: readonly TestFile[],
  folder: string,
  quick: boolean,
): string[] {
  const left = exceptions.filter(({ kind }) => quick || kind !== 'slow')
  return files
    .filter((test) => test.folder === folder && !left.some((exception) => covers(exception, test.file)))
    .map(({ file }) => file)
}

const covers = ({ path }: Exception, file: string) =>
  path.endsWith('/') ? file.startsWith(path) : file === path
