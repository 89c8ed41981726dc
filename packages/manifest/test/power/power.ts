import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { whyNoRecording } from '@holdfast/testkit'
import type { TestContext } from 'vitest'

const why = whyNoRecording()

/** Ends a test that cannot run: skipped, which is no pass; under CI, where `scripts/services` brings strace, it fails. */
export function mustRecord(context: TestContext): void {
  if (why === undefined) return
  if (process.env.CI === 'true') throw new Error(why)
  context.skip(`did not run: ${why}`)
}

/** In memory where there is such a place: what is recorded are calls, and the many lives after a cut need no disk. */
export function scratchFolder(): { readonly path: string } & Disposable {
  const memory = '/dev/shm'
  const path = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'holdfast-power-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
