import { constants } from 'node:fs'
import { access, open, stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { messageOf } from '@holdfast/core'
import { count, size } from '../terminal/units.ts'
import { userName } from '../user-name.ts'
import { type Check, type Finding, failed, ok, warning } from './finding.ts'

/** File systems by the number that Linux gives them, and why a node does not belong there. */
const UNFIT: ReadonlyMap<number, string> = new Map([
  ...Object.entries({
    nfs: 0x6969,
    smb: 0x517b,
    smb2: 0xfe534d42,
    cifs: 0xff534d42,
    afs: 0x5346414f,
    ceph: 0x00c36400,
    lustre: 0x0bd00bd0,
    '9p': 0x01021997,
    ncp: 0x564c,
    coda: 0x73757245,
  }).map(
    ([name, type]) => [type, `a network file system (${name}), whose locks and memory maps differ`] as const,
  ),
  [0x65735546, 'a FUSE file system, which may be anything, also one of the network'],
  [0x01021994, 'in memory (tmpfs), and gone with the next boot'],
  [0x858458f6, 'in memory (ramfs), and gone with the next boot'],
  [0x794c7630, "a container's own layer (overlayfs), and gone with the container"],
])

/** Part of bytes or inodes below which a file system counts as nearly full. */
const NEARLY = 0.02

/** An unnamed file of Linux, which changes nothing in its folder: not even its time. */
const UNNAMED = 0o20000000

export interface FolderOptions {
  readonly of: 'data' | 'store'
  /** Free bytes below which the node writes nothing new. */
  readonly lowWater: number
}

export interface FolderFacts {
  readonly findings: readonly Finding[]
  /** What the file system takes for now, by a file that was written there, ms since 1970 UTC. */
  readonly time?: { readonly file: number; readonly clock: number }
}

/** A folder of a node, or the one in which it would be made. */
export async function examineFolder(folder: string, { of, lowWater }: FolderOptions): Promise<FolderFacts> {
  const check: Check = `${of}-folder`
  const found = await nearest(resolve(folder))
  if ('finding' in found) return { findings: [found.finding(check)] }
  const { path } = found
  const isThere = path === resolve(folder)
  const written = await attempt(check, path)
  return {
    findings: [
      'finding' in written
        ? written.finding
        : ok(
            check,
            isThere ? `${folder} can be written` : `${folder} is not there yet; the first start makes it`,
          ),
      ...(await fileSystem(path, `${of}-file-system`, `${of}-room`, lowWater)),
    ],
    ...('time' in written && { time: written.time }),
  }
}

/** The folder itself, or the lowest one above it that is there. */
async function nearest(
  path: string,
): Promise<{ readonly path: string } | { readonly finding: (check: Check) => Finding }> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) return { path }
    return {
      finding: (check) => failed(check, `${path} is no folder`, 'move it away, or set another folder'),
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path)
      return nearest(dirname(path))
    return { finding: (check) => failed(check, messageOf(error), cureOf(error, path)) }
  }
}

/** Whether something can be written there. Nothing is left, and nothing has changed, not even a time. */
async function attempt(
  check: Check,
  folder: string,
): Promise<{ readonly finding: Finding } | { readonly time: FolderFacts['time'] & object } | object> {
  try {
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    return {
      finding: failed(check, `${folder} cannot be written: ${messageOf(error)}`, cureOf(error, folder)),
    }
  }
  if (process.platform !== 'linux') return {}
  try {
    const file = await open(folder, UNNAMED | constants.O_DIRECTORY | constants.O_RDWR)
    try {
      await file.write('.')
      return { time: { file: (await file.stat()).mtimeMs, clock: Date.now() } }
    } finally {
      await file.close()
    }
  } catch (error) {
    // Many file systems know no unnamed files.
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EOPNOTSUPP' || code === 'ENOTSUP' || code === 'EISDIR' || code === 'EINVAL') return {}
    return {
      finding: failed(check, `${folder} cannot be written: ${messageOf(error)}`, cureOf(error, folder)),
    }
  }
}

async function fileSystem(
  folder: string,
  kind: Check,
  room: Check,
  lowWater: number,
): Promise<readonly Finding[]> {
  try {
    const { type, bsize, blocks, bavail, files, ffree } = await statfs(folder)
    const unfit = process.platform === 'linux' ? UNFIT.get(type) : undefined
    return [
      unfit === undefined
        ? ok(kind, `${folder} is on a local file system`)
        : warning(kind, `${folder} is ${unfit}`, 'keep the folder on a local disk'),
      roomFinding(room, {
        free: bavail * bsize,
        all: blocks * bsize,
        inodes: ffree,
        allInodes: files,
        lowWater,
      }),
    ]
  } catch (error) {
    return [failed(kind, messageOf(error), cureOf(error, folder))]
  }
}

/** Bytes and inodes that are left; `allInodes` is 0 where they are not counted. */
export function roomFinding(
  check: Check,
  room: {
    readonly free: number
    readonly all: number
    readonly inodes: number
    readonly allInodes: number
    readonly lowWater: number
  },
): Finding {
  const { free, all, inodes, allInodes, lowWater } = room
  const left = `${size(free)} of ${size(all)} are free`
  const make = 'make room: let a run of retention delete, or use a larger disk'
  if (free === 0 || free < lowWater)
    return failed(
      check,
      `${left}${lowWater > 0 ? `, and below ${size(lowWater)} nothing new is written` : ''}`,
      make,
    )
  if (allInodes > 0 && inodes === 0)
    return failed(
      check,
      `${left}, but no inode is: no file can be made`,
      'delete small files, or use another disk',
    )
  if (allInodes > 0 && inodes < allInodes * NEARLY)
    return warning(check, `${left}, but only ${count(inodes)} of ${count(allInodes)} inodes`, make)
  if (free < all * NEARLY) return warning(check, left, make)
  return ok(check, `${left}${allInodes > 0 ? `, and ${count(inodes)} inodes` : ''}`)
}

function cureOf(error: unknown, path: string): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EACCES':
      return `let ${userName()} read and write ${path}, or run the node as its owner`
    case 'EPERM':
      return `take the protection from ${path} (lsattr shows it), or run the node as its owner`
    case 'EROFS':
      return 'mount the file system so that it can be written'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'make room, or use a larger disk'
    case 'ENOTDIR':
      return 'a file is where a folder should be: move it away, or set another folder'
    case 'ELOOP':
      return 'a symbolic link leads to itself: mend it, or set another folder'
    case 'EIO':
    case 'ESTALE':
      return 'see what the system log says of this disk, and mount it again'
    default:
      return 'mend what the message says, or set another folder'
  }
}
