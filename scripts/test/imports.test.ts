import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importsOf, readSources } from '../imports/read.ts'
import { problemsOf } from '../imports/rules.ts'
import { run, tree } from './fixture.ts'
import { SOUND, VIOLATIONS } from './import-violations.ts'

describe('imports', () => {
  it('passes a tree in which every rule holds', () => {
    using workspace = tree(SOUND)
    const { status, output } = run('imports.ts', workspace.root)
    expect(output).toMatch(/^imports: \d+ imports of 9 modules in 5 packages read, 0 problems\n$/)
    expect(status).toBe(0)
  })

  it.each(VIOLATIONS)('finds %s, and nothing else', (_name, files, message) => {
    using workspace = tree({ ...SOUND, ...files })
    expect(problemsOf(readSources(workspace.root))).toEqual([expect.stringMatching(message)])
  })

  it('exits 1 on a violation', () => {
    using workspace = tree({ ...SOUND, 'packages/core/src/x.ts': `import 'holdfast'` })
    const { status, output } = run('imports.ts', workspace.root)
    expect(output).toContain(', 1 problems\n')
    expect(output).toContain('packages/core/src/x.ts:1: imports holdfast')
    expect(status).toBe(1)
  })

  it('fails when it read nothing', () => {
    using workspace = tree({ 'README.md': '' })
    const { status, output } = run('imports.ts', workspace.root)
    expect(output).toContain('no package was read')
    expect(status).toBe(1)
  })

  it('sees every form of import with its line', () => {
    const text = [
      `import a from 'a'`,
      `import { type b } from 'b'`,
      `import type { c } from 'c'`,
      `export * from 'd'`,
      `export type { e } from 'e'`,
      `const f = require('f') + require.resolve('f2') + import.meta.resolve('f3')`,
      `const g = await import(\`g\`)`,
      `type H = import('h').H`,
      `import i = require('i')`,
      `declare module 'j' {}`,
      `const no = "import k from 'k'" // import l from 'l'`,
    ].join('\n')
    const seen = importsOf('x.ts', text).map(
      ({ specifier, typeOnly, line }) => `${line} ${specifier}${typeOnly ? ' type' : ''}`,
    )
    expect(seen.join(', ')).toBe(
      '1 a, 2 b, 3 c type, 4 d, 5 e type, 6 f, 6 f2, 6 f3, 7 g, 8 h type, 9 i, 10 j type',
    )
  })

  it('passes this repository', () => {
    const { status, output } = run('imports.ts', dirname(dirname(import.meta.dirname)))
    expect(output).toMatch(/, 0 problems\n$/)
    expect(status).toBe(0)
  })
})
