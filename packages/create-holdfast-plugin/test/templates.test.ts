import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesOf, type Kind, namesOf } from 'create-holdfast-plugin'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const ours = (file: string) => readFileSync(join(ROOT, file), 'utf8')

/** A file of a new package. */
function emitted(kind: Kind, name: string, file: string, id?: string): string {
  const text = filesOf({ kind, names: namesOf(name, id) }).get(file)
  if (text === undefined) throw new Error(`a ${kind} has no ${file}`)
  return text
}

/** The blocks of code of a page, in order. */
function blocksOf(page: string): string[] {
  return Array.from(ours(page).matchAll(/```ts\n(.*?)```/gs), ([, code]) => code ?? '')
}

/** What a module imports and declares. */
function namesIn(text: string): string[] {
  const imported = Array.from(
    text.matchAll(/import \{([^}]*)\} from/g),
    ([, names]) => names?.split(',') ?? [],
  )
  const declared = text.matchAll(/^(?:export )?(?:async )?(?:const|function\*?|class|interface) (\w+)/gm)
  return [
    ...imported.flat().map((name) => name.replace('type ', '').trim()),
    ...Array.from(declared, ([, name]) => name ?? ''),
  ].filter((name) => name !== '')
}

const capitalised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)

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
    const text = emitted('backend', '@holdfast/example-custom-backend', file, 'backend-sqlite')
    expect(text, 'the template is older than the example: pnpm run build').toBe(
      ours(`examples/custom-backend/${file}`),
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

  it('[K-13] has no factory that is called as something else in its modules', () => {
    const known = (['backend', 'plugin'] as const).flatMap((kind) =>
      [...filesOf({ kind, names: namesOf('@acme/holdfast-zzz') })]
        .filter(([file]) => /^(src|test)\/.*\.ts$/.test(file))
        .flatMap(([, text]) => namesIn(text)),
    )
    expect(known).toEqual(
      expect.arrayContaining(['createHash', 'definePlugin', 'ReadOptions', 'zzz', 'folder']),
    )
    for (const name of new Set(known.filter((one) => !/zzz/i.test(one)))) {
      const words = name.replace(/Options$/, '').replace(/([a-z])([A-Z])/g, '$1-$2')
      const { factory } = namesOf(`holdfast-${words.replaceAll('_', '-').toLowerCase()}`)
      const made = [factory, `${capitalised(factory)}Options`, `open${capitalised(factory)}`]
      expect(made, name).not.toContain(name)
    }
  })

  it('[K-13] depends on the versions that this workspace has', () => {
    // That these ranges hold, `pnpm run peers` says.
    const { peerDependencies, devDependencies } = JSON.parse(
      emitted('backend', '@acme/holdfast-x', 'package.json'),
    )
    const tools = JSON.parse(ours('package.json')).devDependencies
    const own = JSON.parse(ours('packages/create-holdfast-plugin/package.json')).peerDependencies
    expect(peerDependencies).toEqual({ '@holdfast/core': own['@holdfast/core'] })
    expect(devDependencies).toEqual({
      '@changesets/cli': tools['@changesets/cli'],
      '@holdfast/core': own['@holdfast/core'],
      '@holdfast/testkit': own['@holdfast/testkit'],
      '@types/node': tools['@types/node'],
      tsup: tools.tsup,
      typescript: tools.typescript,
      vitest: tools.vitest,
    })
  })
})
