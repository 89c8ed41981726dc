import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Knobs } from '../../packages/core/src/config/knob.ts'
import { packagesOf } from '../workspace.ts'

/** What docs/configuration.md says of one plugin, or of the node itself. */
export interface Documented {
  readonly title: string
  readonly id: string
  readonly knobs: Knobs
}

const NODE_KNOBS = 'packages/core/src/kernel/node-knobs.ts'

/** The node and every plugin of this workspace: packages whose keywords say that they are one. */
export async function documented(root: string): Promise<Documented[]> {
  const found: Documented[] = []
  if (existsSync(join(root, NODE_KNOBS))) {
    const { NODE_KNOBS: knobs } = await load<{ NODE_KNOBS: Knobs }>(root, NODE_KNOBS)
    found.push({ title: 'The node itself', id: 'node', knobs })
  }
  for (const { folder, manifest } of packagesOf(root)) {
    if (!manifest.keywords?.includes('holdfast-plugin')) continue
    const module = await load<{ plugin?: Factory }>(root, `packages/${folder}/src/index.ts`)
    if (typeof module.plugin !== 'function')
      throw new Error(`${manifest.name} calls itself a plugin and has no export \`plugin\``)
    const { id, config } = module.plugin({})
    found.push({ title: manifest.name, id, knobs: config })
  }
  return found
}

type Factory = (options: object) => { readonly id: string; readonly config: Knobs }

function load<T>(root: string, file: string): Promise<T> {
  return import(pathToFileURL(join(root, file)).href)
}
