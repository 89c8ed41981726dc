import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagesOf } from '../../workspace.ts'
import { exceptionProblems, readExceptions, runnable } from '../exceptions.ts'
import { outsideOf } from '../outside.ts'
import { runPacked } from '../run.ts'
import { testFilesOf } from '../test-files.ts'

const ROOT = dirname(dirname(dirname(import.meta.dirname)))
const files = testFilesOf(ROOT)
const exceptions = readExceptions(ROOT)
const folders = packagesOf(ROOT)
  .filter(({ manifest }) => !manifest.private)
  .map(({ folder }) => folder)

describe('the tests of each package, outside the workspace', () => {
  let outside: ReturnType<typeof outsideOf> | undefined
  beforeAll(() => {
    outside = outsideOf(ROOT)
  }, 120_000)
  afterAll(() => outside?.[Symbol.dispose]())

  it('[K-12] all run against the tarball but for those that are listed', () => {
    expect(files.length).toBeGreaterThan(0)
    expect(exceptionProblems(exceptions, files)).toEqual([])
  })

  it.each(folders)('[K-12] those of %s pass against its tarball', { timeout: 300_000 }, async (folder) => {
    const tests = runnable(exceptions, files, folder, true)
    expect(tests).not.toEqual([])
    if (!outside) throw new Error('nothing was installed')
    const { files: ran, passed, failed, skipped } = await runPacked(ROOT, outside.path, folder, tests)
    expect(failed).toEqual([])
    // What is missing on this machine is skipped, as in the workspace; there CI does not let it pass.
    if (process.env.CI === 'true') expect(skipped).toEqual([])
    expect(ran).toEqual(tests)
    expect(passed).toBeGreaterThanOrEqual(tests.length)
  })
})
