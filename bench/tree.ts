import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fileSystemOf } from './pairs.ts'

const BENCH_FS = fileURLToPath(new URL('../scripts/bench-fs', import.meta.url))

/** A folder for trees of many files: on ext4 in memory where mounting is allowed, else in the system's temporary folder. */
export interface TreeFolder extends Disposable {
  readonly path: string
  /** What the file system is, for the line. */
  readonly fs: string
}

/** One that was mounted before stays mounted, with the trees in it. */
export function treeFolder(): TreeFolder {
  const wasUp = existsSync('/dev/shm/holdfast-bench/fs')
  try {
    const path = execFileSync(BENCH_FS, ['up'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
    return {
      path,
      fs: 'ext4 on a loop device over tmpfs',
      [Symbol.dispose]: () => void (wasUp || execFileSync(BENCH_FS, ['down'])),
    }
  } catch {
    const path = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
    return {
      path,
      fs: fileSystemOf(path),
      [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
    }
  }
}

/** Makes empty files in so many folders of 40 parents, unless they are there from before, and gives their root. */
export function makeTree(folder: TreeFolder, name: string, folders: number, files: number): string {
  const root = join(folder.path, name)
  const done = join(folder.path, `${name}.done`)
  if (existsSync(done)) return root
  rmSync(root, { recursive: true, force: true })
  for (let at = 0, made = 0; at < folders; at++) {
    const path = join(
      root,
      `source-${String(at % 40).padStart(2, '0')}`,
      `hour-${String(at).padStart(5, '0')}`,
    )
    mkdirSync(path, { recursive: true })
    for (const last = Math.round((files * (at + 1)) / folders); made < last; made++)
      closeSync(
        openSync(join(path, `part~01ARZ3NDEKTSV4RRFFQ6${String(made).padStart(7, '0')}.parquet`), 'w'),
      )
  }
  writeFileSync(done, '')
  return root
}
