import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { run, tree } from './fixture.ts'

const core = { name: '@holdfast/core', version: '0.3.1' }
const plugin = (peer: string | undefined, more: object = {}) => ({
  name: 'acme',
  keywords: ['holdfast-plugin'],
  ...(peer !== undefined && { peerDependencies: { '@holdfast/core': peer } }),
  devDependencies: { '@holdfast/core': 'workspace:*' },
  ...more,
})
const workspace = (manifest: object) =>
  tree({
    'packages/core/package.json': JSON.stringify(core),
    'packages/acme/package.json': JSON.stringify(manifest),
  })

describe('peers', () => {
  it.each(['^0.3.0', '^0.2.0 || ^0.3.0', '>=0.2.0 <0.4.0'])('passes %s', (range) => {
    using made = workspace(plugin(range))
    expect(run('peers.ts', made.root)).toEqual({
      status: 0,
      output: 'peers: 1 ranges of 2 packages read, 0 problems\n',
    })
  })

  it.each([
    [
      'a plugin without core',
      plugin(undefined),
      'a plugin has core as a peer: "peerDependencies": { "@holdfast/core": "^0.3.1" }',
    ],
    ['a range that does not hold', plugin('^0.2.0'), 'widen it to ^0.2.0 || ^0.3.1'],
    ['a range of the workspace', plugin('workspace:^'), 'write a range by hand, such as ^0.3.1'],
    ['any version', plugin('*'), 'is any version: write a range, such as ^0.3.1'],
    ['a tag', plugin('latest'), 'write a range by hand'],
    ['a peer that tests do not have', plugin('^0.3.0', { devDependencies: {} }), 'is no devDependency'],
  ])('finds %s', (_what, manifest, message) => {
    using made = workspace(manifest)
    const { status, output } = run('peers.ts', made.root)
    expect(output).toContain(`packages/acme/package.json: `)
    expect(output).toContain(message)
    expect(output).toContain(', 1 problems\n')
    expect(status).toBe(1)
  })

  it('looks at examples too', () => {
    using made = tree({
      'packages/core/package.json': JSON.stringify(core),
      'examples/acme/package.json': JSON.stringify(plugin('^0.1.0')),
    })
    expect(run('peers.ts', made.root).output).toContain('examples/acme/package.json: the peer @holdfast/core')
  })

  it('fails when it read nothing', () => {
    using made = tree({ 'README.md': '' })
    expect(run('peers.ts', made.root).status).toBe(1)
  })

  it('passes this repository', () => {
    expect(run('peers.ts', dirname(dirname(import.meta.dirname)))).toMatchObject({
      status: 0,
      output: expect.stringMatching(/, 0 problems\n$/),
    })
  })
})
