import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

/** One empty file for each failpoint that fired in the last run of the tests, named after it. */
export const CENSUS_FOLDER = '.reports/failpoints'

/** Vitest calls this when a run of the whole workspace begins. What an earlier run left does not count. */
export function setup({ config: { root } }: TestProject): void {
  const folder = join(root, CENSUS_FOLDER)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const { env } = process
  env.HOLDFAST_FAILPOINT_CENSUS = folder
  // Not only the workers: whatever they start inherits it, so that a child that is killed is seen as well.
  env.NODE_OPTIONS = `${env.NODE_OPTIONS ?? ''} --import=${new URL('record.ts', import.meta.url)}`
}

/** The failpoints that fired; undefined when there was no run. */
export function readCensus(root: string): string[] | undefined {
  try {
    return readdirSync(join(root, CENSUS_FOLDER)).sort()
  } catch {
    return undefined
  }
}
