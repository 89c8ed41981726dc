import { describe, expect, it } from 'vitest'
import { exceptionProblems, parseExceptions, runnable } from '../packed/exceptions.ts'
import { testFilesOf } from '../packed/test-files.ts'
import { run, tree } from './fixture.ts'

const FILES = {
  'packages/acme/package.json': '{ "name": "acme" }',
  'packages/acme/src/index.ts': '',
  'packages/acme/test/name.test.ts': `import 'acme'\nimport type { A } from '../src/index.ts'\nimport './support.ts'`,
  'packages/acme/test/support.ts': `import type { A } from '../src/index.ts'`,
  'packages/acme/test/direct.test.ts': `import { a } from '../src/index.ts'`,
  'packages/acme/test/lazy.test.ts': `const { a } = await import('../src/index.ts')`,
  'packages/acme/test/through.test.ts': `import './deep/store.ts'`,
  'packages/acme/test/deep/store.ts': `export * from '../../src/index.ts'`,
  'packages/acme/test/program.test.ts': `const PROGRAM = new URL('child.ts', import.meta.url)`,
  'packages/acme/test/child.ts': `import '../src/index.ts'`,
}
const INSIDE = ['direct', 'lazy', 'program', 'through'].map((name) => `packages/acme/test/${name}.test.ts`)
const LIST = INSIDE.map((file) => `inside ${file}\n`).join('')
const NAME = 'packages/acme/test/name.test.ts'

describe('which tests look inside their package', () => {
  it('are those that load a source, by themselves, by another module, or in a program of theirs', () => {
    using made = tree(FILES)
    const found = testFilesOf(made.root)
    expect(found.filter(({ inside }) => inside !== undefined).map(({ file }) => file)).toEqual(INSIDE)
    expect(found.find(({ file }) => file.includes('through'))?.inside).toBe(
      'packages/acme/test/deep/store.ts',
    )
    expect(exceptionProblems(parseExceptions(LIST), found)).toEqual([])
    expect(runnable(parseExceptions(LIST), found, 'acme', false)).toEqual([NAME])
  })

  it.each([
    ['one that is not listed', LIST.replace(/inside .*direct.*\n/, ''), 'direct.test.ts imports sources'],
    [
      'one by way of another',
      LIST.replace(/inside .*through.*\n/, ''),
      'by way of packages/acme/test/deep/store.ts',
    ],
    ['one that is listed for something else', LIST.replace('inside', 'slow'), 'imports sources'],
    ['one that is listed and does not look inside', `${LIST}inside ${NAME}`, 'does not look inside'],
    ['a folder with such a one', `${LIST}inside packages/acme/test/`, 'does not look inside'],
    [
      'a test that is not there',
      `${LIST}slow packages/acme/test/gone.test.ts`,
      'is no test: take its line out',
    ],
    ['a second line', `${LIST}slow ${INSIDE[0]}`, 'is there twice'],
  ])('a list fails for %s', (_what, list, problem) => {
    using made = tree(FILES)
    expect(exceptionProblems(parseExceptions(list), testFilesOf(made.root))).toEqual([
      expect.stringContaining(problem),
    ])
  })

  it.each(['odd packages/acme/test/', 'inside', 'slow a b'])('a list does not have the line "%s"', (line) => {
    expect(() => parseExceptions(`# list\n${line}`)).toThrow('scripts/packed-exceptions.txt:2:')
  })

  it('slow ones are left out of a quick run only', () => {
    using made = tree(FILES)
    const files = testFilesOf(made.root)
    const exceptions = parseExceptions(`${LIST}slow ${NAME} # it is`)
    expect(runnable(exceptions, files, 'acme', true)).toEqual([])
    expect(runnable(exceptions, files, 'acme', false)).toEqual([NAME])
  })

  it('the script says what would run, and names what is wrong', () => {
    using made = tree({ ...FILES, 'scripts/packed-exceptions.txt': LIST })
    expect(run('packed.ts', made.root, ['--list'])).toEqual({
      status: 0,
      output: 'packed: acme: 1 of 5 test files\n',
    })
    expect(run('packed.ts', made.root, ['--list', 'other'])).toMatchObject({
      status: 1,
      output: expect.stringContaining('packages/other is no public package'),
    })
    made.write({ 'scripts/packed-exceptions.txt': '' })
    expect(run('packed.ts', made.root, ['--list']).status).toBe(1)
  })
})
