import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backendLocal } from '@holdfast/backend-local'
import { createNode, definePlugin, type HoldfastNode, type Plugin } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { loadPlugin } from '../loading/load-plugin.ts'
import { resolvePlugin } from '../loading/resolve-plugin.ts'
import { deleteFile, readFile, writeFile } from './one-file.ts'
import { ProcessLife } from './process-life.ts'
import { StepFailed, type StepResult, Steps } from './steps.ts'

export interface VerifyOptions {
  /** For the plugin's factory. */
  readonly options: Readonly<Record<string, unknown>>
  /** The config file that would name it. It need not be there. */
  readonly from: string
}

/** Somebody waits for the answer: what hangs is told sooner than in a node that serves. */
const LIMITS = {
  startDeadline: '1m',
  stopDeadline: '10s',
  closeDeadline: '10s',
  storeTimeout: '15s',
  storeRetries: 0,
}

/** What became of a package in a node. */
export interface Verification {
  readonly name: string
  readonly ok: boolean
  /** When it could be loaded. */
  readonly plugin?: Pick<Plugin, 'id' | 'version' | 'provides'>
  /** In order; the first that failed is the last of them, apart from the stop. */
  readonly steps: readonly StepResult[]
}

/** Loads a package by its name as a node does, starts a node with it, and lets a backend keep and delete a file. */
export async function verify(name: string, { options, from }: VerifyOptions): Promise<Verification> {
  using life = new ProcessLife()
  const steps = new Steps()
  let plugin: Plugin | undefined
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-verify-'))
  try {
    await steps.take('resolve', () => resolvePlugin(name, from))
    plugin = await steps.take('shape', () => loadPlugin(name, options, from))
    await use(plugin, folder, steps, life)
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  const { id, version, provides } = plugin ?? {}
  return {
    name,
    ok: steps.ok,
    ...(plugin && { plugin: { id, version, provides } as Pick<Plugin, 'id' | 'version' | 'provides'> }),
    steps: steps.results,
  }
}

async function use(plugin: Plugin, folder: string, steps: Steps, life: ProcessLife): Promise<void> {
  await steps.take('api', () => createNode({ plugins: [bare(plugin)], log: 'silent' }))
  const node = await steps.take('config', () =>
    createNode({ plugins: [plugin, ...beside(plugin, folder)], log: 'silent', ...LIMITS }),
  )
  // A start that fails has closed what it had opened.
  await steps.take('start', () => node.start())
  try {
    if (plugin.provides.includes('backend')) await useBackend(node, steps)
  } finally {
    await steps.take('stop', async () => {
      await node.stop()
      const left = await life.left()
      if (left.length > 0)
        throw new Error(
          `after the stop something is left that keeps the process from ending: ${left.join(', ')}; close it in onStop, and make it in onStart`,
        )
    })
  }
}

async function useBackend(node: HoldfastNode, steps: Steps): Promise<void> {
  const entry = await steps.take('write', () => writeFile(node))
  await steps.take('read', () => readFile(node))
  await steps.take('delete', () => deleteFile(node, entry.key))
}

/** Only what a plugin says of itself: whether a node knows its contract, whatever its settings are. */
function bare({ name, id, version, api }: Plugin): Plugin {
  return definePlugin({ name, id, version, api: api as '1.0', setup: () => undefined })
}

/** What a node has beside the plugin, so that it is whole. */
function beside(plugin: Plugin, folder: string): Plugin[] {
  // Whether `provides` is a list at all, createNode says.
  const provided: readonly string[] = Array.isArray(plugin.provides) ? plugin.provides : []
  const missing = (service: string) => !provided.includes(service)
  return [
    ...(missing('backend') ? [backendLocal({ root: join(folder, 'files') })] : []),
    ...(missing('manifest') ? [manifest({ dataDir: join(folder, 'data'), eraseDelay: 0 })] : []),
  ]
}
