import type { HoldfastNode } from '@holdfast/core'
import { type DataDirFacts, inspectDataDir } from '@holdfast/manifest'
import type { NodeStatus } from '../operations/status.ts'
import { runningSession } from '../session/running.ts'
import { socketPathOf } from '../session/socket-path.ts'
import { assemble } from './assembly.ts'
import { clockFindings } from './clock.ts'
import { type Finding, failed, limited, ok, warning } from './finding.ts'
import { examineFolder, type FolderFacts } from './folder.ts'
import { hostFindings } from './host.ts'
import { runningFindings } from './running.ts'
import { dataDirFindings, localRecords, storeFindings } from './stopped.ts'

/** Most that one look may take, ms. */
const LOOK = 10_000
/** The same for what a process of its own reads. */
const LONG_LOOK = 30_000

/**
 * Looks at everything that a node needs, without starting it. A node that runs is asked instead of what it owns being
 * read. Changes nothing, and every look has a time limit.
 */
export async function* examine(configFile: string): AsyncGenerator<Finding> {
  yield* hostFindings()
  const assembled = await limited('config', LOOK, () => assemble(configFile))
  if ('finding' in assembled) return yield assembled.finding
  const { node, findings } = assembled.result
  yield* findings
  if (!node) return
  const dataDir = settingOf(node, 'manifest', 'dataDir')
  if (typeof dataDir !== 'string') return yield ok('manifest', 'the node has no manifest of ours to look at')

  const data = await look('data-folder', dataDir, Number(settingOf(node, 'manifest', 'lowWater') ?? 0))
  yield* data.findings
  const status = await statusOf(node)
  if ('finding' in status) yield status.finding
  const running = 'status' in status ? status.status : undefined
  const root = rootOf(node)
  let facts: DataDirFacts | undefined
  if (running) yield* runningFindings(running)
  else {
    facts = await inspectDataDir(dataDir, {
      timeLimit: LONG_LOOK,
      ...(root !== undefined && { records: localRecords(root) }),
    })
    yield* dataDirFindings(dataDir, facts)
  }
  if (root === undefined)
    yield ok('store-folder', `the bytes are in ${backendOf(node)}; only a node that runs sees it`)
  else {
    yield* (await look('store-folder', root, 0)).findings
    if (facts?.store) yield* storeFindings(root, facts.store)
  }
  const newest = running?.manifest?.time ?? (facts?.manifest.state === 'read' ? facts.manifest.value.time : 0)
  yield* clockFindings(newest, data.time)
}

async function look(
  check: 'data-folder' | 'store-folder',
  folder: string,
  lowWater: number,
): Promise<FolderFacts> {
  const of = check === 'data-folder' ? 'data' : 'store'
  const looked = await limited(check, LOOK, () => examineFolder(folder, { of, lowWater }))
  return 'finding' in looked ? { findings: [looked.finding] } : looked.result
}

/** How the node stands that runs on this config file; `{}` when none does. */
async function statusOf(
  node: HoldfastNode,
): Promise<{ readonly status: NodeStatus } | { readonly finding: Finding } | object> {
  const socketPath = socketPathOf(node)
  if (socketPath === undefined)
    return {
      finding: warning(
        'running',
        'the name of the data folder is too long for a socket: a node that runs hears no other command',
        'use a data folder with a shorter name',
      ),
    }
  const asked = await limited('running', LOOK, async () => {
    const session = await runningSession(socketPath)
    if (!session) return undefined
    await using running = session
    return (await running.call('status', {}).next()).value as NodeStatus
  })
  if ('result' in asked) return asked.result ? { status: asked.result } : {}
  return {
    finding: failed(
      'running',
      `a node listens, and does not answer: ${asked.finding.message}`,
      'ask as the user that runs it; if it hangs, end its process and start it again',
    ),
  }
}

function settingOf(node: HoldfastNode, plugin: string, knob: string): unknown {
  return node.explainConfig().find((entry) => entry.plugin === plugin && entry.knob === knob)?.value
}

/** The folder of a local store. */
function rootOf(node: HoldfastNode): string | undefined {
  const root = settingOf(node, 'backend-local', 'root')
  return typeof root === 'string' ? root : undefined
}

function backendOf(node: HoldfastNode): string {
  return node.explain().plugins.find(({ provides }) => provides.includes('backend'))?.id ?? 'no store'
}
