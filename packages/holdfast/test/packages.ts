import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ConfigEntry } from '@holdfast/core'
import type { LoadProblem } from 'holdfast'
import { afterAll, onTestFinished } from 'vitest'

/** A folder of a user with these files, gone after the test. A test beside others has to say which it is: `finished`. */
export function project(
  files: Readonly<Record<string, string | object>>,
  finished: typeof onTestFinished = onTestFinished,
): string {
  const root = mkdtempSync(join(realpathSync(tmpdir()), 'holdfast-'))
  finished(() => rmSync(root, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    const file = join(root, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  }
  return root
}

/** What Node runs as the command of the package under test: its source, or what its tarball has. */
export function commandOf(name: string): string {
  const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
  const source = join(folder, 'src', 'main.ts')
  return existsSync(source) ? source : join(folder, 'dist', 'main.js')
}

/** Installs a package of this workspace in a user's folder. */
export function link(root: string, name: string): void {
  const link = join(root, 'node_modules', name)
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), link)
}

/** A plugin package made by hand, without any of ours. */
export function pluginPackage(name: string, id: string, manifest: object = {}) {
  const folder = `node_modules/${name}`
  return {
    [`${folder}/package.json`]: { name, type: 'module', exports: './index.js', ...manifest },
    [`${folder}/index.js`]: `
      export function plugin(options) {
        const made = { name: '${name}', id: '${id}', version: '1.0.0', api: '1.0', needs: [], provides: [], failpoints: [],
          config: { greeting: { doc: 'A test.', takes: 'anything', default: 'none', read: (value) => value } },
          options, setup() {} }
        Object.defineProperty(made, Symbol.for('holdfast.plugin'), { value: true })
        return made
      }`,
  }
}

/** What became of `loadNode` in a process of its own: Node resolves there, and no test runner. */
export type Loaded =
  | { readonly entries: readonly ConfigEntry[] }
  | {
      readonly code?: string
      readonly message: string
      readonly context: { readonly problems: readonly LoadProblem[] }
      readonly cause?: string
    }

export interface LoadRequest {
  readonly target: string
  readonly env: Readonly<Record<string, string>>
}

/** `loadNode` for the tests of a file, one after the other. */
export function loader(): (target: string, env?: LoadRequest['env']) => Promise<Loaded> {
  let child: ChildProcess | undefined
  afterAll(() => child?.disconnect())
  return async (target, env = {}) => {
    child ??= fork(join(import.meta.dirname, 'load.ts'), {
      execArgv: ['--conditions=holdfast-source'],
      cwd: tmpdir(),
    })
    child.send({ target, env } satisfies LoadRequest)
    const [loaded] = await once(child, 'message')
    return loaded as Loaded
  }
}

/** Plugin and code of each problem. */
export function failuresOf(loaded: Loaded): Record<string, string> {
  if (!('context' in loaded)) return {}
  return Object.fromEntries(loaded.context.problems.map(({ plugin, code }) => [plugin, code]))
}
