import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempDisposableSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const SCRIPTS = dirname(import.meta.dirname)

export type Files = Readonly<Record<string, string>>

/** A throw-away tree on disk; `using` removes it. */
export function tree(files: Files) {
  const folder = mkdtempDisposableSync(join(realpathSync(tmpdir()), 'holdfast-scripts-'))
  const write = (more: Files) => {
    for (const [file, text] of Object.entries(more)) {
      mkdirSync(dirname(join(folder.path, file)), { recursive: true })
      writeFileSync(join(folder.path, file), text)
    }
  }
  write(files)
  return {
    root: folder.path,
    write,
    read: (file: string) => readFileSync(join(folder.path, file), 'utf8'),
    /** Gives the tree this repository's tools, vitest among them. */
    linkTools() {
      mkdirSync(join(folder.path, 'node_modules'))
      const tools = join(dirname(SCRIPTS), 'node_modules')
      symlinkSync(join(tools, 'vitest'), join(folder.path, 'node_modules', 'vitest'))
    },
    /** A link as a package manager makes it between packages of a workspace. */
    linkPackage(link: string, target: string) {
      symlinkSync(join(folder.path, target), join(folder.path, link))
    },
    [Symbol.dispose]: () => folder.remove(),
  }
}

/** What a person sees who runs the script: exit code and everything printed. */
export function run(script: string, root: string, args: readonly string[] = [], env: Files = {}) {
  const outer = Object.entries(process.env).filter(([name]) => !/^(VITEST|CI$|NODE_ENV$)/.test(name))
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(SCRIPTS, script), '--root', root, ...args],
    { env: { ...Object.fromEntries(outer), ...env }, encoding: 'utf8' },
  )
  return { status, output: stdout + stderr }
}
