import { spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'vitest'

const MIB = 1024 * 1024

export interface Mount extends Disposable {
  /** Where the file system is, or is not, mounted. */
  readonly path: string
  mount(): void
  unmount(): void
}

type Attempt = Mount | { readonly none: string }

/**
 * A file system of its own in memory, mounted; or why there is none: it takes root.
 * @param at the folder below the mount's own at which it is mounted
 */
export function tmpfs(at = 'mounted'): Attempt {
  return mounted(
    () => undefined,
    (_image, path) => ['mount', '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', path],
    at,
  )
}

/** One that takes names that differ in case for one: NTFS through FUSE, as the system of a Mac or of Windows would. */
export function foldingDisk(): Attempt {
  return mounted(
    (image) => run('mkntfs', '-q', '-F', image),
    (image, path) => ['lowntfs-3g', '-o', 'ignore_case', image, path],
  )
}

/**
 * The mount, or the end of the test: one that cannot run is skipped, which `pnpm run guarantees` does not take for a
 * pass, and under CI it fails.
 */
export function mustHave(attempt: Attempt, context: TestContext): Mount {
  if (!('none' in attempt)) return attempt
  if (process.env.CI === 'true') throw new Error(`it cannot be mounted: ${attempt.none}`)
  return context.skip(`did not run: it cannot be mounted: ${attempt.none}`)
}

function mounted(
  make: (image: string) => string | undefined,
  command: (image: string, path: string) => [string, ...string[]],
  at = 'mounted',
): Attempt {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-mount-'))
  const [image, path] = [join(folder, 'image'), join(folder, at)]
  closeSync(openSync(image, 'w'))
  truncateSync(image, 16 * MIB)
  mkdirSync(path, { recursive: true })
  const mount = () => run(...command(image, path))
  const failed = make(image) ?? mount()
  if (failed !== undefined) {
    rmSync(folder, { recursive: true, force: true })
    return { none: failed }
  }
  unmountAfterUs(folder, path)
  const must = (problem: string | undefined) => {
    if (problem !== undefined) throw new Error(problem)
  }
  return {
    path,
    mount: () => must(mount()),
    unmount: () => must(run('umount', path)),
    [Symbol.dispose]() {
      if (run('umount', path) !== undefined) run('umount', '-l', path)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A test run that is killed takes no mount away: a shell that ends with this process, or when the folder is gone, does. */
function unmountAfterUs(folder: string, path: string): void {
  const script =
    'while kill -0 "$0" && [ -d "$1" ]; do sleep 1; done; [ -d "$1" ] && umount -l "$2" && rm -rf "$1"'
  spawn('sh', ['-c', script, String(process.pid), folder, path], { detached: true, stdio: 'ignore' }).unref()
}

function run(command: string, ...args: string[]): string | undefined {
  const { status, error, stderr } = spawnSync(command, args, { timeout: 30_000, encoding: 'utf8' })
  return status === 0 ? undefined : `${command}: ${error?.message ?? stderr.trim()}`
}
