import { mkdtempDisposableSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { contentProblems } from '../release/contents.ts'
import { lintProblems } from '../release/lint.ts'
import { smokeProblems } from '../release/smoke.ts'
import { entriesOf, packAll } from '../release/tarball.ts'
import { tarball } from './tarball-fixture.ts'

const ROOT = dirname(dirname(import.meta.dirname))
const CORE = { name: '@holdfast/core', version: '0.3.0' }

describe('the contents of a tarball', () => {
  it('pass when nothing is wrong', () => {
    const sound = tarball({ peerDependencies: { '@holdfast/core': '^0.3.0' } })
    expect(contentProblems(sound, [sound, tarball(CORE)])).toEqual([])
  })

  it.each([
    ['no licence', {}, { LICENSE: undefined }, 'has no LICENSE'],
    ['sources', {}, { 'src/index.ts': '' }, 'contains src/index.ts'],
    ['what tsc remembers', {}, { 'x.tsbuildinfo': '' }, 'contains x.tsbuildinfo'],
    [
      'nothing built',
      {},
      { 'dist/index.js': undefined },
      'exports dist/index.js, which it does not contain: pnpm run build',
    ],
    [
      'a way to the sources',
      { exports: { '.': { 'holdfast-source': './src/index.ts', default: './dist/index.js' } } },
      {},
      'exports src/index.ts, which it does not contain',
    ],
    ['a command that is missing', { bin: { acme: './dist/run.js' } }, {}, 'has the command dist/run.js'],
    [
      'a range of the workspace',
      { dependencies: { '@holdfast/core': 'workspace:^' } },
      {},
      'says "@holdfast/core": "workspace:^" in its dependencies',
    ],
    [
      'a peer range that does not hold',
      { peerDependencies: { '@holdfast/core': '^0.2.0' } },
      {},
      'wants @holdfast/core ^0.2.0, which 0.3.0 is not: widen the range in peerDependencies',
    ],
    [
      'a script at its installation',
      { scripts: { postinstall: 'x' } },
      {},
      'runs a script at its installation (postinstall)',
    ],
    ['privacy', { private: true }, {}, 'is private'],
  ])('fail for %s', (_what, manifest, files, problem) => {
    const made = tarball(manifest, files)
    expect(contentProblems(made, [made, tarball(CORE)])).toEqual([expect.stringContaining(`acme ${problem}`)])
  })

  it('have each entry once, and package.json is none', () => {
    const exports = { '.': './a.js', './erase': { default: './b.js' }, './package.json': './package.json' }
    expect(entriesOf({ name: 'x', version: '1.0.0', exports })).toEqual(['', '/erase'])
    expect(entriesOf({ name: 'x', version: '1.0.0', exports: './a.js' })).toEqual([''])
    expect(entriesOf({ name: 'x', version: '1.0.0', exports: { default: './a.js' } })).toEqual([''])
    expect(entriesOf({ name: 'x', version: '1.0.0', bin: './run.js' })).toEqual([])
  })
})

describe('the linters of a tarball', { timeout: 60_000 }, () => {
  it('pass when nothing is wrong', async () => {
    expect(await lintProblems(tarball())).toEqual([])
  })

  it('find that the types are missing', async () => {
    const exports = { '.': { default: './dist/index.js' } }
    const problems = await lintProblems(tarball({ exports }, { 'dist/index.d.ts': undefined }))
    expect(problems).toEqual([expect.stringContaining('acme (types): has no types')])
  })

  it('find types that name a file which is not there', async () => {
    const problems = await lintProblems(tarball({}, { 'dist/index.d.ts': `export * from './gone.js'\n` }))
    expect(problems).toEqual([expect.stringContaining('acme (types, InternalResolutionError')])
  })

  it('find types that nobody would look at', async () => {
    const exports = { '.': { default: './dist/index.js', types: './dist/index.d.ts' } }
    const problems = await lintProblems(tarball({ exports }))
    expect(problems).toContainEqual(expect.stringMatching(/^acme \(publint, EXPORTS_/))
  })
})

describe('importing a tarball', { timeout: 60_000 }, () => {
  const smoke = (...tarballs: Parameters<typeof smokeProblems>[2][number][]) => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'holdfast-smoke-'))
    return smokeProblems(ROOT, folder.path, tarballs)
  }

  it('finds what it does not declare, on each Node', () => {
    const made = tarball({}, { 'dist/index.js': `import 'lmdb'\n` })
    expect(smoke(made)).toEqual([
      expect.stringMatching(/^acme cannot be imported on Node v22.*lmdb/),
      expect.stringMatching(/^acme cannot be imported on Node v24.*lmdb/),
    ])
  })

  it('finds what only one Node has, and passes a dependency on another tarball', () => {
    const core = tarball({ ...CORE, name: '@acme/core' })
    const plugin = tarball(
      { peerDependencies: { '@acme/core': '^0.3.0' } },
      { 'dist/index.js': `export { one } from '@acme/core'\nRegExp.escape('x')\n` },
    )
    expect(smoke(core, plugin)).toEqual([
      expect.stringMatching(/^acme cannot be imported on Node v22.*RegExp\.escape/),
    ])
  })

  it('finds that there is nothing to import', () => {
    expect(smoke(tarball({}, { 'dist/index.js': '' }))).toHaveLength(2)
  })
})

describe('packing this workspace', () => {
  it('leaves out the private packages, the sources and the way to them', () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'holdfast-pack-'))
    const packed = packAll(ROOT, folder.path)
    expect(packed.map(({ name }) => name)).toContain('@holdfast/core')
    for (const { manifest } of packed)
      expect(JSON.stringify(manifest)).not.toMatch(/holdfast-source|workspace:/)
  })
})
