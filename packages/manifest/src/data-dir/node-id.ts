import { randomBytes } from 'node:crypto'
import { renameSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { FailpointRegistry } from '@holdfast/core'
import { CONTROL_FORMAT, newerFile, readControlFile, unusable, writeControlFile } from './control-file.ts'

const CURE = 'remove it to get a new node id'

export interface NodeId {
  readonly nodeId: string
  /** The format that the record had, when it was rewritten because of it. */
  readonly upgradedFrom?: number
}

/**
 * The node's name: as given, else as kept in the data folder, else a new one of host name and random.
 * @throws HF_MANIFEST_CORRUPT when the kept record cannot be read, HF_FORMAT_NEWER
 */
export async function nodeIdOf(
  dataDir: string,
  given: string | undefined,
  failpoints: FailpointRegistry,
): Promise<NodeId> {
  const file = join(dataDir, 'node.json')
  const kept = readKept(file)
  const nodeId = given ?? kept?.nodeId ?? `${hostname()}-${randomBytes(4).toString('hex')}`
  const old = kept !== undefined && kept.format < CONTROL_FORMAT
  if (kept?.nodeId === nodeId && !old) return { nodeId }
  writeControlFile(newFile(dataDir), { nodeId })
  if (failpoints.armed) await failpoints.hit('start.node.before')
  renameSync(newFile(dataDir), file)
  if (failpoints.armed) await failpoints.hit('start.node.after')
  return { nodeId, ...(old && { upgradedFrom: kept.format }) }
}

/** Where a record is written before it takes its place. */
export function newFile(dataDir: string): string {
  return join(dataDir, 'node.json.new')
}

function readKept(file: string): { readonly nodeId: string; readonly format: number } | undefined {
  const control = readControlFile(file, CURE)
  if (!control) return undefined
  if (control.state === 'newer') throw newerFile(file, control.format, CURE)
  const nodeId = control.state === 'read' ? control.fields.nodeId : undefined
  if (control.state === 'read' && typeof nodeId === 'string' && nodeId !== '')
    return { nodeId, format: control.format }
  throw unusable(file, CURE)
}
