import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { createNode, type FileWriteOptions, type HoldfastNode } from '@holdfast/core'
import { standalone } from 'holdfast'
import { expect } from 'vitest'
import { link, project } from '../packages.ts'
import { type Running, run, started } from './processes.ts'

export interface PlaceOptions {
  /** Settings of retention. */
  readonly retention?: object
  readonly manifest?: object
  /** Settings of any plugin, beside. */
  readonly config?: object
  /** Plugins beside the usual ones, by name. */
  readonly plugins?: readonly unknown[]
  /** Files beside the config file. */
  readonly beside?: Readonly<Record<string, string | object>>
}

/** A folder of a user: a config file, and what its node keeps. */
export interface Place {
  readonly root: string
  readonly data: string
  readonly files: string
}

export function place(options: PlaceOptions = {}): Place {
  const { retention = {}, manifest = {}, config = {}, plugins = [], beside = {} } = options
  const root = project({
    'holdfast.config.json': {
      plugins: ['backend-local', 'manifest', 'retention', ...plugins],
      config: {
        'backend-local': { root: './files' },
        manifest: { dataDir: './data', ...manifest },
        retention: { policies: [{ id: 'raw', match: 'raw/**', maxAge: '30d', minAge: 0 }], ...retention },
        ...config,
      },
    },
    ...beside,
  })
  for (const name of ['core', 'backend-local', 'manifest', 'plugin-retention'])
    link(root, `@holdfast/${name}`)
  return { root, data: join(root, 'data'), files: join(root, 'files') }
}

/** A node of this process on the place, which nobody else can ask. */
export function nodeAt({ data, files }: Place): HoldfastNode {
  return createNode({ plugins: standalone({ dataDir: data, root: files }), log: 'silent' })
}

/** Files that are there before the command comes, by path. */
export async function seed(
  place: Place,
  files: Readonly<Record<string, string>>,
  options: FileWriteOptions = {},
): Promise<void> {
  await using node = await nodeAt(place).start()
  for (const [path, content] of Object.entries(files)) await node.files.write(path, content, options)
}

export const OLD = {
  'raw/2020/01/01/00/a.csv': 'a,b\n1,2\n',
  'raw/2020/01/01/01/b.csv': 'a,b\n3,4\n',
  'kept/2020/01/01/00/c.csv': 'a,b\n5,6\n',
}

/** Who the command asks: a node of its own, or one that runs in another process. */
export const BESIDE = ['own', 'running'] as const

/** A place with files, and the node that runs there, if one does. */
export async function scene(
  beside: (typeof BESIDE)[number],
  files: Readonly<Record<string, string>> = OLD,
  options: PlaceOptions = {},
): Promise<Place & { readonly node: Running | undefined; hold: Hold }> {
  const at = place(options)
  await seed(at, files)
  const node = beside === 'running' ? await started(at.root) : undefined
  return { ...at, node, hold: (args, options) => run(at.root, args, options) }
}

type Hold = (args: readonly string[], options?: Parameters<typeof run>[2]) => ReturnType<typeof run>

/** Over all that a user could miss: the state of the manifest, and every file of the store. */
export async function digestOf({ root, files }: Place): Promise<string> {
  const { manifest } = JSON.parse((await run(root, ['status', '--json'])).stdout) as {
    manifest: { digest: string }
  }
  return `${manifest.digest} ${treeOf(files)}`
}

function treeOf(folder: string): string {
  const hash = createHash('sha256')
  if (existsSync(folder))
    for (const file of readdirSync(folder, { recursive: true, withFileTypes: true }))
      if (file.isFile() && !file.parentPath.includes('.holdfast')) {
        const path = join(file.parentPath, file.name)
        hash.update(`${relative(folder, path)}\0`).update(readFileSync(path))
      }
  return hash.digest('hex')
}

/** The lines of `--json`. */
export function jsonLines<T = Record<string, unknown>>(stdout: string): T[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}

/** Resolves when each of these commands writes to the store; throws when one ends before. */
export async function writing(files: string, commands: readonly Running[]): Promise<void> {
  const early = commands.map(async ({ ended }) => {
    const { code, stderr } = await ended
    throw new Error(`it ended with ${code} before it wrote: ${stderr}`)
  })
  const begun = expect.poll(() => tempsOf(files), { timeout: 60_000 }).toHaveLength(commands.length)
  await Promise.race([begun, ...early])
}

/** Files of the store that are being written. */
export function tempsOf(files: string): string[] {
  return readdirSync(join(files, '.holdfast', 'tmp'))
}
