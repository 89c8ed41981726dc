import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { messageOf, type StoreRecords } from '@holdfast/core'
import { programArguments } from '../damage/own-program.ts'
import type { DataDirEnd, DataDirOwner, ManifestFacts, OwnRows, Recorded, Section } from './facts.ts'
import { inspectStore, type StoreFacts } from './inspect-store.ts'

export interface InspectOptions {
  /** Milliseconds after which what has not been read counts as unreadable. Default 30 s. */
  readonly timeLimit?: number
  /** The records of the store, to be compared with the manifest. */
  readonly records?: Pick<StoreRecords, 'read'>
}

/** What a data folder says about itself. */
export interface DataDirFacts {
  readonly lock: Recorded<DataDirOwner>
  readonly node: Recorded<{ readonly nodeId: string }>
  readonly end: Recorded<DataDirEnd>
  /** Absent also while a process owns the folder: that one is to be asked. */
  readonly manifest: Recorded<ManifestFacts>
  /** Absent without records, and while there is a manifest that could not be read. */
  readonly store?: StoreFacts
}

/**
 * Reads what a data folder says about itself: who owns it, how its last process ended, and the few rows of the manifest
 * that a start looks at first. Takes no lock and changes nothing, not even the time of a file; survives whatever lies
 * there, and never throws for it. Whether every row is sound, `checkDataDir` says.
 */
export async function inspectDataDir(dataDir: string, options: InspectOptions = {}): Promise<DataDirFacts> {
  const { timeLimit = 30_000, records } = options
  const { own, ...facts } = await readFacts(dataDir, timeLimit)
  const { lock, manifest } = facts
  const isOwned = lock.state === 'read' && lock.value.alive
  if (!records || isOwned || (manifest.state !== 'absent' && !own)) return facts
  const known = manifest.state === 'read' && own ? { ...manifest.value, own } : undefined
  return { ...facts, store: await inspectStore(records, known) }
}

type Facts = Omit<DataDirFacts, 'store'> & { readonly own?: OwnRows }

async function readFacts(dataDir: string, timeLimit: number): Promise<Facts> {
  const read: Partial<Facts> = {}
  const missing = (state: Extract<Recorded<never>, { problem: string }>): Facts => ({
    lock: state,
    node: state,
    end: state,
    manifest: state,
    ...read,
  })
  let scratch: string | undefined
  try {
    scratch = await mkdtemp(join(tmpdir(), 'holdfast-inspect-'))
    const how = await inChild([dataDir, scratch], timeLimit, (section) => Object.assign(read, section))
    return missing({ state: 'damaged', problem: `a process that reads it ends with ${how}` })
  } catch (error) {
    return missing({ state: 'unreadable', problem: messageOf(error) })
  } finally {
    // One that was given up may still write there.
    if (scratch !== undefined)
      await rm(scratch, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)
  }
}

/** Runs the child to its end, and says how that was. @throws when it took too long, or did not begin */
async function inChild(
  args: readonly string[],
  timeLimit: number,
  onSection: (section: Section) => void,
): Promise<string> {
  const program = programArguments(import.meta.url, 'inspect-child')
  const child = spawn(process.execPath, [...program, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, by) => resolve(by ?? `code ${code}`))
  })
  ended.catch(() => undefined)
  const lines = createInterface({ input: child.stdout })
  const late = Promise.withResolvers<never>()
  late.promise.catch(() => undefined)
  // A dead disk may hold it, whoever kills it: it is not waited for.
  const limit = setTimeout(() => {
    late.reject(new Error(`reading it took longer than ${timeLimit} ms`))
    lines.close()
  }, timeLimit)
  try {
    for await (const line of lines) {
      const section = sectionOf(line)
      if (section) onSection(section)
    }
    return await Promise.race([late.promise, ended])
  } finally {
    clearTimeout(limit)
    child.kill('SIGKILL')
    child.unref()
    child.stdout.destroy()
  }
}

/** Half a line is what a process that died in the middle of it said. */
function sectionOf(line: string): Section | undefined {
  try {
    return JSON.parse(line) as Section
  } catch {
    return undefined
  }
}
