import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Files, run, tree } from './fixture.ts'
import { testFile, workspace } from './workspace-fixture.ts'

const ROOT = dirname(dirname(import.meta.dirname))
const copied = (from: string, to = from) => ({ [to]: readFileSync(join(ROOT, from), 'utf8') })

/** The folders that the configuration names, with nothing in them: it does not start without. */
function emptyProjects(): Files {
  const [, list = ''] =
    /projects: \[([^\]]*)\]/.exec(readFileSync(join(ROOT, 'vitest.config.ts'), 'utf8')) ?? []
  const folders = list
    .split(',')
    .map((project) => project.trim().slice(1, -1))
    .filter((project) => project !== '' && !project.includes('*'))
  expect(folders).not.toEqual([])
  return Object.fromEntries(folders.map((folder) => [`${folder}/README.md`, '']))
}

/** One package with core's own failpoints, under the set-up of this repository. */
const SOURCES: Files = {
  ...copied('vitest.config.ts'),
  ...emptyProjects(),
  ...copied('scripts/failpoints/census.ts'),
  ...copied('scripts/failpoints/record.ts'),
  ...copied('packages/core/src/failpoints.ts', 'packages/guard/src/failpoints.ts'),
  ...copied('packages/core/src/clock.ts', 'packages/guard/src/clock.ts'),
  ...copied('packages/core/src/errors.ts', 'packages/guard/src/errors.ts'),
  'packages/guard/test/killed.ts': `
    import { FailpointRegistry } from '../src/failpoints.ts'
    const failpoints = new FailpointRegistry()
    failpoints.arm(process.argv[2], { kind: 'crash' })
    failpoints.hitSync(process.argv[2])`,
}

/** A test in which these points fire, or kill a child; the last one is only passed. */
const firing = (names: readonly string[], killing: readonly string[], passed: string): Files => ({
  'packages/guard/test/a.test.ts': testFile(
    `import { spawnSync } from 'node:child_process'`,
    `import { FailpointRegistry } from '../src/failpoints.ts'`,
    `it('fires', async () => {
      const failpoints = new FailpointRegistry()
      failpoints.declare(['test.point'])
      for (const name of ${JSON.stringify(names)}) {
        failpoints.arm(name, { kind: 'error' })
        await expect(failpoints.hit(name)).rejects.toThrow(name)
      }
      failpoints.census()
      await failpoints.hit('${passed}')
      for (const name of ${JSON.stringify(killing)}) {
        const child = spawnSync(process.execPath, [import.meta.dirname + '/killed.ts', name])
        expect(child.signal).toBe('SIGKILL')
      }
    })`,
  ),
})

function test(root: string): void {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const ended = spawnSync(process.execPath, [vitest, 'run'], { cwd: root, encoding: 'utf8' })
  expect(ended, ended.stdout + ended.stderr).toMatchObject({
    status: 0,
  })
}

describe('the failpoints script', () => {
  it('passes when each point has fired, in a test or in a child that it killed; what an earlier run left does not count', () => {
    using made = workspace({
      ...SOURCES,
      ...firing(
        ['job.chunk.before', 'job.chunk.after', 'hook.cursor.before', 'test.point'],
        ['hook.cursor.after'],
        'job.chunk.before',
      ),
    })
    test(made.root)
    expect(run('failpoints.ts', made.root)).toEqual({
      output: 'failpoints: 4 in the catalogues, 4 fired\n',
      status: 0,
    })
    made.write(firing(['job.chunk.before'], ['hook.cursor.after'], 'job.chunk.after'))
    test(made.root)
    const { status, output } = run('failpoints.ts', made.root)
    expect(output.split('\n').sort()).toEqual([
      '',
      'failpoints: 4 in the catalogues, 2 fired',
      'failpoints: hook.cursor.before of packages/guard/src/failpoints.ts never fired',
      'failpoints: job.chunk.after of packages/guard/src/failpoints.ts never fired',
    ])
    expect(status).toBe(1)
  })

  const catalogue = (list: string) =>
    `${list}\ndeclare module '@holdfast/core' {\n  interface Failpoints {\n    'a.before': true\n  }\n}\n`
  const listed = catalogue(`export const LIST = ['a.before']`)

  it.each<[string, Files, string]>([
    [
      'a point that fired and is in no catalogue',
      { 'packages/a/src/a.ts': listed, '.reports/failpoints/a.gone': '' },
      'a.gone fired and is in no catalogue',
    ],
    [
      'points that are in no list',
      { 'packages/a/src/a.ts': catalogue('export {}') },
      'packages/a/src/a.ts declares failpoints and exports no list of them',
    ],
    ['packages without any', { 'packages/a/src/a.ts': '' }, 'no package has a failpoint'],
  ])('finds %s', (_what, files, message) => {
    using made = tree({
      'packages/a/package.json': '{ "name": "a", "type": "module" }',
      'packages/b/package.json': '{ "name": "b", "type": "module" }',
      '.reports/failpoints/a.before': '',
      ...(message.startsWith('no package') ? {} : { 'packages/b/src/b.ts': listed }),
      ...files,
    })
    const { status, output } = run('failpoints.ts', made.root)
    expect(output).toContain(`failpoints: ${message}\n`)
    expect(status).toBe(1)
  })

  it('refuses to run without a census', () => {
    using made = tree({ 'packages/a/package.json': '{ "name": "a" }' })
    const { status, output } = run('failpoints.ts', made.root)
    expect(output).toBe('failpoints: .reports/failpoints is missing: pnpm run test:all\n')
    expect(status).toBe(1)
  })
})
