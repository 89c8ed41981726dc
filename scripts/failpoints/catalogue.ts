import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { filesBelow, packagesOf } from '../workspace.ts'

/** A file that declares or augments core's `Failpoints`, and the names in the lists that it exports. */
export interface Catalogue {
  readonly file: string
  readonly names: readonly string[]
}

export async function cataloguesOf(root: string): Promise<Catalogue[]> {
  const files = packagesOf(root)
    .flatMap(({ folder }) => filesBelow(root, `packages/${folder}/src`, /\.ts$/))
    .filter((file) => /\binterface Failpoints\b/.test(readFileSync(join(root, file), 'utf8')))
  return Promise.all(files.map(async (file) => ({ file, names: await namesIn(join(root, file)) })))
}

async function namesIn(path: string): Promise<string[]> {
  const module: Readonly<Record<string, unknown>> = await import(pathToFileURL(path).href)
  return Object.values(module).filter(Array.isArray).flat()
}
