import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { HoldfastError } from '@holdfast/core'

/**
 * The node's name: as given, else as kept in the data folder, else a new one of host name and random.
 * @throws HF_MANIFEST_CORRUPT when the kept record cannot be read
 */
export function nodeIdOf(dataDir: string, given: string | undefined): string {
  const file = join(dataDir, 'node.json')
  const kept = readKept(file)
  if (kept !== undefined && (given === undefined || given === kept)) return kept
  const nodeId = given ?? `${hostname()}-${randomBytes(4).toString('hex')}`
  writeFileSync(`${file}.new`, `${JSON.stringify({ format: 1, nodeId })}\n`, { flush: true })
  renameSync(`${file}.new`, file)
  return nodeId
}

function readKept(file: string): string | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { nodeId } = JSON.parse(text) as { nodeId?: unknown }
    if (typeof nodeId === 'string' && nodeId !== '') return nodeId
  } catch {
    // Said below, as for a record without an id.
  }
  throw new HoldfastError(
    'HF_MANIFEST_CORRUPT',
    `${file} does not hold a node's record; remove it to get a new node id`,
    {
      context: { file },
    },
  )
}
