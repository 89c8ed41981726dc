import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Files, run, tree } from './fixture.ts'
import { testFile, workspace } from './workspace-fixture.ts'

describe('the guarantees script', () => {
  const sources: Files = {
    'scripts/guarantees-promised.txt': 'R-02\n',
    'packages/guard/src/index.ts': '',
    'packages/guard/test/a.test.ts': testFile(`it('[R-02] holds', () => { expect(1).toBe(1) })`),
  }
  const test = (root: string) => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    const report = ['--reporter=json', '--outputFile.json=.reports/vitest.json']
    spawnSync(process.execPath, [vitest, 'run', ...report], { cwd: root })
  }

  it('passes on a fresh report of kept promises and ends with the counts', () => {
    using made = workspace(sources)
    test(made.root)
    const { status, output } = run('guarantees.ts', made.root, [], { CI: 'true' })
    expect(output).toMatch(
      /^ +id +passed +failed +skipped\n +R-02 +1 +0 +0\n1 passed, 0 failed, 0 skipped\n$/,
    )
    expect(status).toBe(0)
    expect(run('guarantees.ts', made.root, ['--tally']).output).toBe('1 passed, 0 failed, 0 skipped\n')
  })

  it('turns a test without an assertion red', () => {
    using made = workspace({
      ...sources,
      'packages/guard/test/b.test.ts': testFile(`it('[R-02] x', () => {})`),
    })
    test(made.root)
    const { status, output } = run('guarantees.ts', made.root)
    expect(output).toContain('failed: packages/guard/test/b.test.ts: [R-02] x')
    expect(status).toBe(1)
  })

  it('refuses tests that ran without required assertions', () => {
    using made = workspace({ ...sources, 'packages/guard/vitest.config.ts': 'export default {}' })
    test(made.root)
    const { status, output } = run('guarantees.ts', made.root)
    expect(output).toContain('packages/guard/test/a.test.ts ran without expect.requireAssertions')
    expect(status).toBe(1)
  })

  it('tolerates unfinished work on a desk and not under CI', () => {
    using made = workspace({ ...sources, 'scripts/guarantees-promised.txt': 'R-02\nR-03\n' })
    test(made.root)
    const atDesk = run('guarantees.ts', made.root)
    expect(atDesk.output).toContain('(fails under CI): R-03 is promised and has no passed test')
    expect(atDesk.status).toBe(0)
    expect(run('guarantees.ts', made.root, [], { CI: 'true' }).status).toBe(1)
  })

  it('refuses a report older than a source, and one that lacks a test file', () => {
    using made = workspace(sources)
    test(made.root)
    made.write({ 'packages/guard/src/index.ts': '// edited', 'packages/guard/test/c.test.ts': '' })
    const { status, output } = run('guarantees.ts', made.root)
    expect(output).toMatch(/the report is stale: packages\/guard\/src\/index\.ts/)
    expect(output).toContain('the report does not have packages/guard/test/c.test.ts')
    expect(status).toBe(1)
  })

  it('names a test file that could not be loaded', () => {
    using made = workspace({ ...sources, 'packages/guard/test/b.test.ts': `import './missing.ts'` })
    test(made.root)
    const { status, output } = run('guarantees.ts', made.root)
    expect(output).toMatch(/failed: packages\/guard\/test\/b\.test\.ts: .*missing\.ts/)
    expect(output).toContain('\n1 passed, 1 failed, 0 skipped\n')
    expect(status).toBe(1)
  })

  it('refuses to run without a report', () => {
    using made = tree(sources)
    const { status, output } = run('guarantees.ts', made.root)
    expect(output).toContain('.reports/vitest.json is missing')
    expect(status).toBe(1)
  })
})
