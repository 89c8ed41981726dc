import { statSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { createVitest } from 'vitest/node'
import { filesBelow, packagesOf } from '../workspace.ts'
import type { TestReport } from './report.ts'

/** Why the report does not speak for the sources as they are. */
export function staleness(root: string, report: TestReport): string[] {
  const folders = packagesOf(root).map(({ folder }) => `packages/${folder}`)
  const files = folders.flatMap((folder) =>
    ['src', 'test'].flatMap((part) => filesBelow(root, `${folder}/${part}`, /./)),
  )
  const newer = files.filter((file) => statSync(join(root, file)).mtimeMs > report.startedAt)
  const untested = files.filter((file) => file.endsWith('.test.ts') && !report.files.includes(file))
  return [
    ...newer.slice(0, 1).map((file) => `the report is stale: ${file} was changed after its run began`),
    ...untested.map((file) => `the report does not have ${file}`),
  ]
}

/**
 * The report cannot tell a test without an assertion, vitest can: with `expect.requireAssertions` such a test
 * fails. Names the reported files of projects that run without it.
 */
export async function filesWithoutRequiredAssertions(root: string, report: TestReport): Promise<string[]> {
  const vitest = await createVitest('test', { root, watch: false })
  try {
    const strict = vitest.projects
      .filter((project) => project.config.expect.requireAssertions)
      .map((project) => resolve(project.config.root) + sep)
    return report.files.filter((file) => !strict.some((folder) => join(root, file).startsWith(folder)))
  } finally {
    await vitest.close()
  }
}
