import { spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'vitest'

const MIB = 1024 * 1024

export interface SmallDisk {
  readonly path: string
  free(): number
  /** Fills it with a file of somebody else, to the last block or up to `leaving` bytes. */
  fill(name: string, leaving?: number): void
  /** Takes every file away. */
  clear(): void
  remove(): void
}

/** A file system of its own: ext4 in a file, or tmpfs where there are no loop devices; or why there is none: it takes root. */
export function smallDisk(size = 64 * MIB): SmallDisk | { readonly none: string } {
  const memory = '/dev/shm'
  const folder = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'holdfast-disk-'))
  const [image, path] = [join(folder, 'image'), join(folder, 'mounted')]
  closeSync(openSync(image, 'w'))
  truncateSync(image, size)
  mkdirSync(path)
  const withoutExt4 =
    run('mkfs.ext4', '-q', '-F', '-m', '0', '-b', '4096', '-O', '^has_journal', image) ??
    run('mount', '-o', 'loop', image, path)
  const failed = withoutExt4 && run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path)
  if (failed !== undefined) {
    rmSync(folder, { recursive: true, force: true })
    return { none: `${withoutExt4}; ${failed}` }
  }
  unmountAfterUs(folder, path)
  const free = () => {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize
  }
  return {
    path,
    free,
    fill: (name, leaving = 0) =>
      leaving === 0
        ? fill(join(path, name))
        : writeFileSync(join(path, name), Buffer.alloc(free() - leaving, 1)),
    clear: () => void run('sh', '-c', `rm -rf '${path}'/*`),
    remove() {
      // A process that is still ending may hold it for a moment.
      if (run('umount', path) !== undefined) run('umount', '-l', path)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * The disk, or the end of the test: one that cannot run is skipped, which `pnpm run guarantees` does not take for a
 * pass, and under CI it fails.
 */
export function mustHave(disk: ReturnType<typeof smallDisk>, context: TestContext): SmallDisk {
  if (!('none' in disk)) return disk
  if (process.env.CI === 'true') throw new Error(`a small file system cannot be mounted: ${disk.none}`)
  return context.skip(`did not run: a small file system cannot be mounted: ${disk.none}`)
}

/** A test run that is killed takes no mount away: a shell that ends with this process, or when the disk is gone, does. */
function unmountAfterUs(folder: string, path: string): void {
  const script =
    'while kill -0 "$0" && [ -d "$1" ]; do sleep 1; done; [ -d "$1" ] && umount -l "$2" && rm -rf "$1"'
  spawn('sh', ['-c', script, String(process.pid), folder, path], { detached: true, stdio: 'ignore' }).unref()
}

function run(command: string, ...args: string[]): string | undefined {
  const { status, error, stderr } = spawnSync(command, args, { timeout: 30_000, encoding: 'utf8' })
  return status === 0 ? undefined : `${command}: ${error?.message ?? stderr.trim()}`
}

export function fill(file: string): void {
  const fd = openSync(file, 'w')
  try {
    // Ever smaller pieces, until not even one byte fits.
    for (let size = MIB; size >= 1; ) {
      try {
        writeSync(fd, Buffer.alloc(size, 1))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        size = Math.floor(size / 8)
      }
    }
  } finally {
    closeSync(fd)
  }
}
