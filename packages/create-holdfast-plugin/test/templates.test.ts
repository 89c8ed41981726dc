import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesOf, type Kind, namesOf } from 'create-holdfast-plugin'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const ours = (file: string) => readFileSync(join(ROOT, file), 'utf8')

/** A file of a new package. */
function emitted(kind: Kind, name: string, file: string, version = '0.1.0', id?: string): string {
  const text = filesOf({ kind, names: namesOf(name, id), version }).get(file)
  if (text === undefined) throw new Error(`a ${kind} has no ${file}`)
  return text
}

/** The blocks of code of a page, in order. */
function blocksOf(page: string): string[] {
  return Array.from(ours(page).matchAll(/```ts\n(.*?)```/gs), ([, code]) => code ?? '')
}

/** With sorted imports and no empty lines: a formatter arranges imports by the names of packages. */
function inOrder(text: string): string {
  const isImport = (line: string) => /^import .* from /.test(line)
  const lines = text.split('\n')
  return [...lines.filter(isImport).sort(), ...lines.filter((line) => line !== '' && !isImport(line))].join(
    '\n',
  )
}

describe('what is emitted', () => {
  it.each([['src/backend.ts'], ['test/backend.test.ts']])(
    '[K-13] has the %s that docs/writing-a-backend.md shows',
    (file) => {
      expect(blocksOf('docs/writing-a-backend.md')).toContain(
        emitted('backend', '@acme/holdfast-backend-sqlite', file),
      )
    },
  )

  it('[K-13] has the plugin that docs/writing-a-plugin.md shows', () => {
    expect(blocksOf('docs/writing-a-plugin.md')[0]).toBe(
      emitted('plugin', 'holdfast-plugin-licence', 'src/index.ts'),
    )
  })

  it.each([
    ['src/index.ts'],
    ['src/backend.ts'],
    ['src/objects.ts'],
    ['src/source.ts'],
    ['src/errors.ts'],
    ['test/backend.test.ts'],
    ['test/plugin.test.ts'],
  ])('[K-13] has the %s of examples/custom-backend', (file) => {
    expect(inOrder(ours(`examples/custom-backend/${file}`))).toBe(
      inOrder(emitted('backend', '@holdfast/example-custom-backend', file, '1.0.0', 'backend-sqlite')),
    )
  })

  it.each(['backend', 'plugin'] as const)(
    '[K-13] a %s brings build, suite, releases, CI, README and licence',
    (kind) => {
      const files = filesOf({ kind, names: namesOf('@acme/holdfast-x') })
      expect([...files.keys()]).toEqual(
        expect.arrayContaining([
          '.changeset/config.json',
          '.github/workflows/ci.yml',
          '.gitignore',
          'LICENSE',
          'README.md',
          'package.json',
          'src/index.ts',
          'test/plugin.test.ts',
          'tsconfig.json',
          'tsup.config.ts',
          'vitest.config.ts',
        ]),
      )
      expect(files.get('README.md')?.split('\n')[0]).toBe('# @acme/holdfast-x')
      for (const [file, text] of files) expect(text, file).not.toMatch(/__[a-zA-Z]+__|workspace:/)
    },
  )

  it('[K-13] depends on the versions that this workspace has', () => {
    const { peerDependencies, devDependencies } = JSON.parse(
      emitted('backend', '@acme/holdfast-x', 'package.json'),
    )
    const versionOf = (folder: string) => JSON.parse(ours(`packages/${folder}/package.json`)).version
    const tools = JSON.parse(ours('package.json')).devDependencies
    expect(peerDependencies).toEqual({ '@holdfast/core': `^${versionOf('core')}` })
    expect(devDependencies).toEqual({
      '@changesets/cli': tools['@changesets/cli'],
      '@holdfast/core': `^${versionOf('core')}`,
      '@holdfast/testkit': `^${versionOf('testkit')}`,
      '@types/node': tools['@types/node'],
      tsup: tools.tsup,
      typescript: tools.typescript,
      vitest: tools.vitest,
    })
  })
})
