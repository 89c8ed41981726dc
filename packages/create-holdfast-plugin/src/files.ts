import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { capitalised, type Kind, type Names } from './names.ts'
import { packageJsonOf } from './package-json.ts'

export interface FilesOptions {
  readonly kind: Kind
  readonly names: Names
  /** Of the licence. Default: this one. */
  readonly year?: number
}

/** Beside `src` and `dist` alike. That of a backend is made of an example, by `templates.mjs`. */
const TEMPLATES = fileURLToPath(new URL('../templates', import.meta.url))

/** All files of a new package: paths, with `/`, and texts. */
export function filesOf(options: FilesOptions): Map<string, string> {
  const { kind, names } = options
  const files = new Map([['package.json', packageJsonOf(kind, names)]])
  for (const folder of [join(TEMPLATES, 'shared'), join(TEMPLATES, kind)])
    for (const file of filesIn(folder))
      files.set(named(file), rendered(readFileSync(join(folder, file), 'utf8'), options))
  return files
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
}

/** npm leaves out or renames files such as `.gitignore`: in a template they begin with `_`. */
function named(file: string): string {
  return file.replace(/^_/, '.')
}

function rendered(template: string, { names, year }: FilesOptions): string {
  const values: Readonly<Record<string, string>> = {
    ...names,
    Factory: capitalised(names.factory),
    year: String(year ?? new Date().getFullYear()),
  }
  return template.replace(/__([a-zA-Z]+)__/g, (token: string, name: string) => {
    const value = values[name]
    if (value === undefined) throw new TypeError(`${token} is no token of a template`)
    return value
  })
}
