import type { HoldfastNode } from '@holdfast/core'
import { type DataDirFacts, type InspectOptions, inspectDataDir } from '@holdfast/manifest'
import type { NodeStatus } from '../operations/status.ts'
import { runningSession } from '../session/running.ts'
import { socketPathOf } from '../session/socket-path.ts'
import { assemble } from './assembly.ts'
import { clockFindings } from './clock.ts'
import { type Finding, failed, type Look, limited, type OnLook, ok, warning } from './finding.ts'
import { examineFolder, type FolderFacts, type FolderOptions } from './folder.ts'
import { hostFindings } from './host.ts'
import { runningFindings } from './running.ts'
import { dataDirFindings, localRecords, storeFindings } from './stopped.ts'

/** Most that one look may take, ms. */
const LOOK = 10_000
/** The same at a folder: a file system that answers at all does so at once. */
const FOLDER_LOOK = 5000
/** The same for what a process of its own reads. */
const LONG_LOOK = 30_000

/**
 * Looks at everything that a node needs, without starting it. A node that runs is asked instead of what it owns being
 * read. Changes nothing, and every look has a time limit; but a call of the system that hangs may hold the whole
 * process, also at its end: `examineApart` does it in one that can be given up.
 */
export async function* examine(
  configFile: string,
  onLook: OnLook = () => undefined,
): AsyncGenerator<Finding> {
  yield* hostFindings()
  const assembled = await limited({ check: 'config', timeLimit: LOOK }, onLook, () => assemble(configFile))
  if ('finding' in assembled) return yield assembled.finding
  const { node, findings } = assembled.result
  yield* findings
  if (!node) return
  const dataDir = settingOf(node, 'manifest', 'dataDir')
  if (typeof dataDir !== 'string') return yield ok('manifest', 'the node has no manifest of ours to look at')

  const root = rootOf(node)
  const lowWater = Number(settingOf(node, 'manifest', 'lowWater') ?? 0)
  const data = await folderFacts(dataDir, { of: 'data', lowWater }, onLook)
  yield* data.findings
  const store = root === undefined ? undefined : await folderFacts(root, { of: 'store', lowWater: 0 }, onLook)
  // Whatever else would be read below a folder that hangs would hang as well.
  const records = root !== undefined && store?.answers === true ? localRecords(root) : undefined
  const known = data.answers ? await nodeFacts(node, dataDir, records, onLook) : NOTHING
  const { running, facts } = known
  yield* known.findings
  if (root === undefined)
    yield ok('store-folder', `the bytes are in ${backendOf(node)}; only a node that runs sees it`)
  else {
    yield* store?.findings ?? []
    if (facts?.store) yield* storeFindings(root, facts.store)
  }
  const newest = running?.manifest?.time ?? (facts?.manifest.state === 'read' ? facts.manifest.value.time : 0)
  yield* clockFindings(newest, data.time)
}

async function folderFacts(
  folder: string,
  options: FolderOptions,
  onLook: OnLook,
): Promise<FolderFacts & { readonly answers: boolean }> {
  const late = ({ check, timeLimit }: Look) =>
    failed(
      check,
      `${folder} has not answered within ${timeLimit / 1000} s`,
      'its disk or network file system hangs: see what the system log says of it, and mount it again',
    )
  const limits = { check: `${options.of}-folder`, timeLimit: FOLDER_LOOK, late } as const
  const looked = await limited(limits, onLook, () => examineFolder(folder, options))
  return 'finding' in looked
    ? { findings: [looked.finding], answers: false }
    : { ...looked.result, answers: true }
}

/** What is known of the node itself: what it says, if it runs, or else what lies in its data folder. */
interface NodeFacts {
  readonly running?: NodeStatus
  readonly facts?: DataDirFacts
  readonly findings: readonly Finding[]
}

const NOTHING: NodeFacts = { findings: [] }

async function nodeFacts(
  node: HoldfastNode,
  dataDir: string,
  records: InspectOptions['records'],
  onLook: OnLook,
): Promise<NodeFacts> {
  const status = await statusOf(node, onLook)
  if ('status' in status) return { running: status.status, findings: runningFindings(status.status) }
  const silent = 'finding' in status ? [status.finding] : []
  const limits = { check: 'manifest', timeLimit: LONG_LOOK + FOLDER_LOOK } as const
  const read = await limited(limits, onLook, () =>
    inspectDataDir(dataDir, { timeLimit: LONG_LOOK, ...(records && { records }) }),
  )
  if ('finding' in read) return { findings: [...silent, read.finding] }
  return { facts: read.result, findings: [...silent, ...dataDirFindings(dataDir, read.result)] }
}

/** How the node stands that runs on this config file; `{}` when none does. */
async function statusOf(
  node: HoldfastNode,
  onLook: OnLook,
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
  const asked = await limited({ check: 'running', timeLimit: LOOK }, onLook, async () => {
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
