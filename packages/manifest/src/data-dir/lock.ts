import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type FailpointRegistry, HoldfastError } from '@holdfast/core'
import { newerFile, readControlFile, writeControlFile } from './control-file.ts'

const CURE = 'if no process uses this data folder, remove it'

interface Owner {
  readonly pid: number
  readonly host: string
  /** Tells a process from a later one that got the same pid: when it started, by the kernel's count. */
  readonly started: string
  readonly incarnation: string
}

/**
 * Makes this process the owner of a data folder. The lock file names the owner; one whose process is gone is replaced.
 * @throws HF_DATADIR_IN_USE with the owner's pid and host, HF_FORMAT_NEWER, HF_MANIFEST_CORRUPT when it is no file
 */
export function lockDataDir(
  dataDir: string,
  incarnation: string,
  failpoints: FailpointRegistry,
): { release(): void } {
  const file = join(dataDir, 'lock')
  const mine = join(dataDir, `lock.${incarnation}`)
  const owner: Owner = {
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid) ?? '',
    incarnation,
  }
  try {
    writeControlFile(mine, owner)
    if (failpoints.armed) failpoints.hitSync('start.lock.before')
    // A link is made whole or not at all, so a lock file always has its content.
    for (let attempt = 0; !tryLink(mine, file); attempt++) {
      const other = readOwner(file)
      if (other && (isAlive(other) || attempt === 3)) throw inUse(file, other)
      // Of two that find the same dead owner one moves its lock away; the other finds a new one at its next try.
      if (other) moveAway(file, other, `${mine}.stale`)
    }
    if (failpoints.armed) failpoints.hitSync('start.lock.after')
  } finally {
    rmSync(mine, { force: true })
    rmSync(`${mine}.stale`, { force: true })
  }
  return {
    release() {
      if (readOwner(file)?.incarnation === incarnation) rmSync(file, { force: true })
    },
  }
}

/**
 * Who owns a data folder; undefined when nobody does. A pid of 0 stands for a lock that says nothing.
 * @throws HF_FORMAT_NEWER, HF_MANIFEST_CORRUPT when the lock cannot be read at all
 */
export function ownerOf(
  dataDir: string,
): { readonly pid: number; readonly host: string; readonly alive: boolean } | undefined {
  const owner = readOwner(join(dataDir, 'lock'))
  return owner && { pid: owner.pid, host: owner.host, alive: isAlive(owner) }
}

/** Whether a file of the data folder was left behind by a process that was killed while it locked. */
export function isLitter(dataDir: string, name: string): boolean {
  if (!name.startsWith('lock.')) return false
  try {
    const owner = readOwner(join(dataDir, name))
    return owner !== undefined && !isAlive(owner)
  } catch {
    // Nobody's lock, but not known to be litter either.
    return false
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/**
 * The owner that a lock file names; undefined when the file is gone by now. A file that says nothing has a dead owner:
 * should it live after all, taking over fences it.
 */
function readOwner(file: string): Owner | undefined {
  const control = readControlFile(file, CURE)
  if (!control) return undefined
  if (control.state === 'newer') throw newerFile(file, control.format, CURE)
  const { pid, host, started, incarnation } = control.state === 'read' ? control.fields : {}
  if (
    typeof pid === 'number' &&
    typeof host === 'string' &&
    typeof started === 'string' &&
    typeof incarnation === 'string'
  )
    return { pid, host, started, incarnation }
  return { pid: 0, host: hostname(), started: '', incarnation: '' }
}

function moveAway(file: string, dead: Owner, to: string): void {
  try {
    renameSync(file, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  // What was moved may be the lock of somebody who was quicker: give it back.
  if (readOwner(to)?.incarnation !== dead.incarnation) tryLink(to, file)
}

/** On another host nothing can be known of a process: it counts as alive. */
function isAlive({ pid, host, started }: Owner): boolean {
  if (host !== hostname()) return true
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const now = startOf(pid)
  return now === undefined || started === '' || now === started
}

/** When a process started, in ticks since boot; undefined where the system does not say. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the command in brackets and may hold anything; the start is the 20th after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

function inUse(file: string, { pid, host }: Owner): HoldfastError {
  return new HoldfastError(
    'HF_DATADIR_IN_USE',
    `process ${pid} on ${host} owns this data folder; stop it, or, if that host is gone for good, remove ${file}`,
    { context: { pid, host, lock: file } },
  )
}
