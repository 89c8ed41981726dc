import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { run, tree } from './fixture.ts'

const sources = (codes: string, page?: string) => ({
  'package.json': '{ "type": "module" }',
  'packages/core/src/errors.ts': `export const ERROR_CODES = { ${codes} } as const`,
  ...(page === undefined ? {} : { 'docs/errors.md': page }),
})

describe('errors', () => {
  it('[K-11] every code of this repository is explained', () => {
    const { status, output } = run('errors.ts', join(import.meta.dirname, '..', '..'))
    expect(output).toMatch(/^errors: (\d+) codes declared, \1 explained\n$/)
    expect(status).toBe(0)
  })

  it('passes when the two lists are the same', () => {
    using made = tree(sources(`HF_B: 'x', HF_A: 'y'`, '# Errors\n\n## HF_A\n\nCure.\n\n## HF_B\n'))
    const { status, output } = run('errors.ts', made.root)
    expect(output).toBe('errors: 2 codes declared, 2 explained\n')
    expect(status).toBe(0)
  })

  it.each([
    ['a code without an entry', `HF_A: 'x', HF_B: 'x'`, '## HF_A\n', 'HF_B has no entry "## HF_B"'],
    ['an entry without a code', `HF_A: 'x'`, '## HF_A\n## HF_AB\n', 'explains HF_AB, which '],
    ['an entry of another level', `HF_A: 'x'`, '### HF_A\n', 'HF_A has no entry'],
    ['a second entry', `HF_A: 'x'`, '## HF_A\n## HF_A\n', 'explains HF_A twice'],
    ['a missing page', `HF_A: 'x'`, undefined, 'docs/errors.md is missing'],
    ['an empty list', '', '', 'declares no code'],
  ])('finds %s', (_what, codes, page, message) => {
    using made = tree(sources(codes, page))
    const { status, output } = run('errors.ts', made.root)
    expect(output).toContain(message)
    expect(status).toBe(1)
  })
})
