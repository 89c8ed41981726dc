// Reads what a data folder says about itself, in a process of its own: damage may end it, and a disk may hold it. Arguments: the data folder, and an empty folder for a lock file of LMDB's. Says on standard
// output what it has read, a line for each.
import { statSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { FailpointRegistry, isHoldfastError, messageOf } from '@holdfast/core'
import { LastStop } from '../damage/last-stop.ts'
import { readControlFile } from '../data-dir/control-file.ts'
import { readLives } from '../data-dir/lives.ts'
import { ownerOf } from '../data-dir/lock.ts'
import { BEHIND } from '../data-dir/ownership.ts'
import { formatOf, LIVES, STORE_FORMAT } from '../data-dir/store-format.ts'
import { readKnown } from '../data-dir/store-identity.ts'
import { createSeal } from '../format/seal.ts'
import { isShared } from '../replicated/log-id.ts'
import { publicHead } from '../state/head.ts'
import { State } from '../state/state.ts'
import { openLmdb } from '../store/lmdb.ts'
import type { DataDirEnd, DataDirOwner, Recorded, Section } from './facts.ts'

const [dataDir = '', scratch = ''] = process.argv.slice(2)
const say = (section: Section) => process.stdout.write(`${JSON.stringify(section)}\n`)

const lock = recorded(() => (isFile('lock') ? ownerOf(dataDir) : undefined))
say({ lock })
say({ node: nodeId() })
say({ end: recorded(lastEnd) })
const isOwned = lock.state === 'read' && (lock.value as DataDirOwner).alive
// What a node has open is its own; it can be asked.
say(isOwned ? { manifest: { state: 'absent' } } : await manifest())

/** Whether something lies there. @throws when it is not a file: reading from a pipe could wait for ever */
function isFile(name: string): boolean {
  const found = statSync(join(dataDir, name), { throwIfNoEntry: false })
  if (found && !found.isFile()) throw new Error('it is not a file')
  return found !== undefined
}

/** Without a value it is absent. */
function recorded<T>(read: () => T | undefined): Recorded<T> {
  try {
    const value = read()
    return value === undefined ? { state: 'absent' } : { state: 'read', value }
  } catch (error) {
    return failed(error)
  }
}

function failed(error: unknown): Exclude<Recorded<never>, { state: 'read' }> {
  const { cause } = error as Error
  if (!isHoldfastError(error)) return { state: 'unreadable', problem: messageOf(error) }
  if (error.code === 'HF_FORMAT_NEWER') return { state: 'newer', format: Number(error.context.version) }
  // The system's word for it, without the cure of a start.
  if (cause instanceof Error && 'syscall' in cause) return { state: 'unreadable', problem: messageOf(cause) }
  return { state: 'damaged', problem: messageOf(error) }
}

function nodeId(): Recorded<{ readonly nodeId: string }> {
  const control = recorded(() =>
    isFile('node.json') ? readControlFile(join(dataDir, 'node.json'), '') : undefined,
  )
  if (control.state !== 'read') return control
  if (control.value.state !== 'read')
    return control.value.state === 'newer' ? control.value : { state: 'damaged', problem: 'it is damaged' }
  const { nodeId } = control.value.fields
  return typeof nodeId === 'string' && nodeId !== ''
    ? { state: 'read', value: { nodeId } }
    : { state: 'damaged', problem: 'it names no node' }
}

function lastEnd(): DataDirEnd | undefined {
  isFile('last-stop.json')
  const lastStop = new LastStop(dataDir, new FailpointRegistry())
  const verdict = lastStop.judge()
  switch (verdict.kind) {
    case 'new':
      return undefined
    case 'sound':
      return { how: 'stopped' }
    case 'damaged':
      return { how: 'damaged', why: `the ${verdict.finding.where}: ${verdict.finding.problem}` }
    case 'look':
      return { how: lastStop.isOpen ? 'not stopped' : 'unknown', why: verdict.why }
  }
}

async function manifest(): Promise<Extract<Section, { manifest: unknown }>> {
  const name = join('manifest', 'data.mdb')
  const file = resolve(dataDir, name)
  try {
    if (!isFile(name) || statSync(file).size === 0) return { manifest: { state: 'absent' } }
    // LMDB makes a lock file beside the file that it opens, also when it only reads.
    symlinkSync(file, join(scratch, 'data.mdb'))
    const store = openLmdb(scratch, { readOnly: true })
    try {
      const state = new State(store, await createSeal())
      const { rows } = state
      const format = formatOf(rows)
      if (format === undefined) return { manifest: { state: 'absent' } }
      const { position, time } = publicHead(state.head)
      const known = readKnown(rows)
      const behind = rows.get(BEHIND, (payload) => payload.text())
      return {
        manifest: {
          state: 'read',
          value: {
            format,
            position,
            time,
            ...(known && { storeId: known.storeId }),
            ...(behind !== undefined && { behind }),
          },
        },
        own: {
          settled: known?.settled === true,
          ...(known && { logId: known.logId }),
          lives: format === STORE_FORMAT ? (rows.get(LIVES, readLives) ?? []) : [],
          shared: isShared(rows),
        },
      }
    } finally {
      await store.close()
    }
  } catch (error) {
    return { manifest: failed(error) }
  }
}
