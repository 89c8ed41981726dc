import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runTests } from '../mutants/run-tests.ts'
import { type Files, run, tree } from './fixture.ts'
import { testFile, workspace } from './workspace-fixture.ts'

const GUARD = 'packages/guard/src/index.ts'
const SOURCE = [
  'export function spend(have, want) {',
  '  if (want > have) return 0',
  '  return want',
  '}',
  '',
]

/** A patch as git makes it, that puts other lines in the place of the guard. */
const patch = (...instead: readonly string[]) =>
  [
    `--- a/${GUARD}`,
    `+++ b/${GUARD}`,
    `@@ -1,4 +1,${3 + instead.length} @@`,
    ` ${SOURCE[0]}`,
    `-${SOURCE[1]}`,
    ...instead.map((line) => `+${line}`),
    ` ${SOURCE[2]}`,
    ` ${SOURCE[3]}`,
    '',
  ].join('\n')

/** A repository with one guard, tests of it under two ids, and nothing committed yet. */
function repository(files: Files) {
  const made = workspace({
    'scripts/guarantees-promised.txt': 'R-02\n',
    [GUARD]: SOURCE.join('\n'),
    // The package's own name leads to its sources through node_modules, as between packages of a workspace.
    'packages/guard/test/guard.test.ts': testFile(
      `import { spend } from 'guard'`,
      `it('[R-02] never spends more than there is', () => { expect(spend(1, 2)).toBe(0) })`,
      `it('[R-02] rejects', async () => { await expect((async () => spend(1, 1))()).resolves.toBe(1) })`,
      `it('[R-03] spends what there is', () => { expect(spend(2, 2)).toBe(2) })`,
    ),
    ...files,
  })
  made.linkPackage('node_modules/guard', 'packages/guard')
  spawnSync('git', ['init', '--quiet'], { cwd: made.root })
  made.write({ '.gitignore': 'node_modules\n' })
  return made
}

describe('the mutants script', () => {
  it('passes when an assertion catches the mutant, in a copy', () => {
    using made = repository({ 'test/mutants/R-02.patch': patch() })
    const { status, output } = run('mutants.ts', made.root)
    expect(output).toContain('2 tests of 1 ids pass without a mutant')
    expect(output).toContain('R-02.patch caught by [R-02] never spends more than there is, ')
    expect(output).toMatch(/mutants: 1 tried, 0 problems\n$/)
    expect(status).toBe(0)
    expect(readFileSync(join(made.root, GUARD), 'utf8')).toBe(SOURCE.join('\n'))
  })

  it('tells what survives from what fails without an assertion, and reverts each', () => {
    using made = repository({
      'test/mutants/R-02-a-survivor.patch': patch('  if (want > have || want > 5) return 0', '  // milder'),
      'test/mutants/R-02-b-throws.patch': patch('  if (want > have) throw new Error("mutant")'),
      'test/mutants/R-02-c-syntax.patch': patch('  if (want >'),
      'test/mutants/R-02-d-caught.patch': patch(),
      'test/mutants/R-03-e-survivor.patch': patch(),
    })
    const { status, output } = run('mutants.ts', made.root)
    expect(output).toContain('R-02-a-survivor.patch survived: its tests still pass')
    expect(output).toContain('R-02-b-throws.patch survived: red, but not by an assertion: Error: mutant')
    expect(output).toMatch(
      /R-02-c-syntax\.patch survived: not tested: packages\/guard\/test\/guard\.test\.ts: /,
    )
    expect(output).toContain('R-02-d-caught.patch caught')
    expect(output).toContain('R-03-e-survivor.patch survived: its tests still pass')
    expect(output).toMatch(/mutants: 5 tried, 4 problems\n/)
    expect(status).toBe(1)
  })

  it('refuses what is no mutant', () => {
    using made = repository({
      'scripts/guarantees-promised.txt': 'R-02\nR-09 mutant\n',
      'test/mutants/R-02-large.patch': patch(...Array.from({ length: 6 }, () => '  // six lines')),
      'test/mutants/R-02-stale.patch': patch().replace('want > have', 'gone'),
      'test/mutants/R-02-test.patch': patch().replaceAll(GUARD, 'packages/guard/test/guard.test.ts'),
      'test/mutants/R-02-empty.patch': '',
      'test/mutants/notes.md': '',
    })
    made.write({ 'packages/guard/test/guard.test.ts': SOURCE.join('\n') })
    const { status, output } = run('mutants.ts', made.root)
    expect(output).toContain('R-02-large.patch changes 6 lines; a mutant changes 1 to 5')
    expect(output).toContain('R-02-stale.patch does not apply: error: ')
    expect(output).toContain(
      'R-02-test.patch changes packages/guard/test/guard.test.ts; a mutant changes sources',
    )
    expect(output).toContain('R-02-empty.patch does not apply: error: ')
    expect(output).toContain('notes.md: not named <id>.patch')
    expect(output).toContain('R-09 has no mutant')
    expect(status).toBe(1)
  })

  it('needs green tests without any mutant', () => {
    using made = repository({
      'test/mutants/R-02.patch': patch(),
      'test/mutants/R-04.patch': patch(),
      'packages/guard/test/red.test.ts': testFile(`it('[R-02] red', () => { expect(1).toBe(2) })`),
    })
    const { status, output } = run('mutants.ts', made.root)
    expect(output).toContain(
      'without any mutant: packages/guard/test/red.test.ts: [R-02] red: expected 1 to be 2',
    )
    expect(output).toContain('without any mutant: R-04: no test of this id passes')
    expect(status).toBe(1)
  })

  it('tries the named ids only, and needs some to try', () => {
    using made = repository({ 'test/mutants/R-02.patch': patch(), 'test/mutants/R-03.patch': patch() })
    expect(run('mutants.ts', made.root, ['R-02']).output).toContain('1 tried, 0 problems')
    const { status, output } = run('mutants.ts', made.root, ['R-09'])
    expect(output).toContain('there is none to try')
    expect(status).toBe(1)
  })

  it('ends tests that loop for ever', async () => {
    using made = repository({})
    made.write({ [GUARD]: 'export function spend() { for (;;); }' })
    await expect(runTests(made.root, ['R-02'], ['packages/'], { limitMs: 2_000 })).resolves.toBeUndefined()
  })

  it('takes the run of all tests that has just ended for the one without a mutant, if there is one', () => {
    using made = repository({ 'test/mutants/R-02.patch': patch() })
    const without = run('mutants.ts', made.root, ['--after-tests'])
    expect(without.output).toContain('there is no .reports/vitest.json: run the tests first')
    expect(without.status).toBe(1)
    const file = 'packages/guard/test/guard.test.ts'
    const assertionResults = [{ title: '[R-02] never spends more than there is', status: 'passed' }]
    const testResults = [{ name: join(made.root, file), status: 'passed', assertionResults }]
    made.write({ '.reports/vitest.json': JSON.stringify({ startTime: Date.now() + 1000, testResults }) })
    const { status, output } = run('mutants.ts', made.root, ['--after-tests'])
    expect(output).toContain('1 tests of 1 ids pass without a mutant')
    expect(output).toContain('R-02.patch caught by [R-02] never spends more than there is, ')
    expect(status).toBe(0)
  })

  it('leaves no copy behind', () => {
    using made = repository({ 'test/mutants/R-02.patch': patch() })
    using temporary = tree({})
    expect(run('mutants.ts', made.root, [], { TMPDIR: temporary.root }).status).toBe(0)
    expect(readdirSync(temporary.root)).toEqual([])
  })
})
