import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'vitest'

/**
 * A folder on a file system whose server never answers: FUSE, with nobody who reads what the kernel asks. It takes root;
 * without it the test is skipped, which `pnpm run guarantees` does not take for a pass, and under CI it fails.
 */
export function deadMount(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-dead-'))
  const path = join(folder, 'mounted')
  mkdirSync(path)
  const problem = mount(path, context)
  if (problem === undefined) return path
  rmSync(folder, { recursive: true })
  if (process.env.CI === 'true') throw new Error(`it cannot be mounted: ${problem}`)
  return context.skip(`did not run: it cannot be mounted: ${problem}`)
}

function mount(path: string, { onTestFinished }: TestContext): string | undefined {
  let server: number
  try {
    server = openSync('/dev/fuse', 'r+')
  } catch (error) {
    return String(error)
  }
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0'
  const { status, error, stderr } = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'none', path], {
    stdio: ['ignore', 'ignore', 'pipe', server],
    timeout: 30_000,
    encoding: 'utf8',
  })
  if (status !== 0) {
    closeSync(server)
    return error?.message ?? stderr
  }
  onTestFinished(() => {
    // What still waits there ends with an error.
    closeSync(server)
    spawnSync('umount', ['-l', path])
    rmSync(join(path, '..'), { recursive: true, force: true })
  })
  return undefined
}
