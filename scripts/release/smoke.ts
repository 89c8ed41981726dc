import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { install } from './install.ts'
import { entriesOf, type Tarball } from './tarball.ts'

/** The Nodes that the packages promise to run on ("engines"): the oldest and ours, both pinned in the lockfile. */
export const NODES = ['node-22', 'node'] as const

/** Installs each tarball with its peers and nothing else, imports each of its entries, and calls its command, on each Node. */
export function smokeProblems(root: string, outside: string, tarballs: readonly Tarball[]): string[] {
  const consumers = tarballs.map(({ name, folder, manifest }) => ({
    folder,
    of: folder,
    dependencies: [name, ...Object.keys(manifest.peerDependencies ?? {})],
  }))
  install(root, outside, tarballs, consumers)
  return NODES.flatMap((node) =>
    tarballs.flatMap((tarball) => {
      const [program, cwd] = [nodeOf(root, node), join(outside, tarball.folder)]
      const entries = entriesOf(tarball.manifest).map((entry) => tarball.name + entry)
      return [
        ...entries.map((entry) => importProblem(program, cwd, entry)),
        ...binsOf(tarball.manifest).map((bin) =>
          problemOf(
            program,
            cwd,
            [join('node_modules', tarball.name, bin), '--version'],
            `${tarball.name} --version fails`,
          ),
        ),
      ].filter((problem) => problem !== undefined)
    }),
  )
}

export const nodeOf = (root: string, node: (typeof NODES)[number]): string =>
  join(root, 'node_modules', node, 'bin', 'node')

function importProblem(node: string, cwd: string, entry: string): string | undefined {
  const program = `
    const names = Object.keys(await import(${JSON.stringify(entry)}))
    if (names.length === 0) throw new Error('it exports nothing')
    console.log(process.version)`
  return problemOf(node, cwd, ['--input-type=module', '--eval', program], `${entry} cannot be imported`)
}

function binsOf({ bin = {} }: Tarball['manifest']): readonly string[] {
  return typeof bin === 'string' ? [bin] : Object.values(bin)
}

function problemOf(node: string, cwd: string, args: readonly string[], what: string): string | undefined {
  const env = { ...process.env, NODE_OPTIONS: '' }
  const { status, stdout, stderr, error } = spawnSync(node, ['--no-warnings', ...args], {
    cwd,
    env,
    encoding: 'utf8',
    timeout: 60_000,
  })
  if (error) return `${node} does not start (${error.message}): pnpm install`
  if (status === 0) return undefined
  const why = (stderr || stdout).split('\n').find((line) => /Error/.test(line)) ?? stderr
  return `${what} on ${versionOf(node)}: ${why.trim()}`
}

function versionOf(node: string): string {
  return `Node ${spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim()}`
}
