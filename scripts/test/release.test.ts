import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { publishOrder } from '../release/order.ts'
import { planOf } from '../release/plan.ts'
import { provenance, provenanceProblems, publishArguments } from '../release/publish.ts'
import { type Registered, registered } from '../release/registry.ts'
import type { Tarball } from '../release/tarball.ts'
import { treeProblems } from '../release/tree-state.ts'
import { type Files, tree } from './fixture.ts'

const ROOT = dirname(dirname(import.meta.dirname))

function packed(name: string, version: string, manifest: object = {}): Tarball {
  const folder = name.replace(/.*\//, '')
  const whole = { name, version, ...manifest }
  return { name, version, folder, file: `/t/${folder}.tgz`, integrity: 'sha512-', files: [], manifest: whole }
}

const published = (latest: string, ...others: string[]): Registered => ({
  kind: 'published',
  versions: [...others, latest],
  tags: { latest },
})

describe('the order of publishing', () => {
  const order = (needs: Readonly<Record<string, object>>) =>
    publishOrder(Object.entries(needs).map(([name, manifest]) => ({ name, manifest }))).map(
      ({ name }) => name,
    )

  it('is what others need first, by every kind of need, and else by name', () => {
    expect(
      order({
        top: { dependencies: { a: '1', tapable: '2' }, peerDependencies: { core: '1' } },
        b: { peerDependencies: { core: '1' } },
        a: { optionalDependencies: { core: '1' } },
        core: {},
      }),
    ).toEqual(['core', 'a', 'b', 'top'])
  })

  it('names the members of a cycle', () => {
    const cycle = { a: { dependencies: { b: '1' } }, b: { peerDependencies: { a: '1' } } }
    expect(() => order(cycle)).toThrow('a -> b -> a')
  })
})

describe('what is published', () => {
  const plan = (version: string, known: Registered) =>
    planOf([packed('acme', version)], new Map([['acme', known]]))

  it.each([
    ['a package that nobody knows', '0.1.0', { kind: 'unknown-package' } as const, 'latest'],
    ['a version above the latest', '0.3.0', published('0.2.9'), 'latest'],
    ['a version above the latest by number, not by letters', '0.10.0', published('0.9.0'), 'latest'],
    ['a preview, under its own name', '0.3.0-rc.1', published('0.9.0'), 'rc'],
    ['a preview without a name', '0.3.0-1', published('0.9.0'), 'next'],
  ])('is %s', (_what, version, known, tag) => {
    const { steps, problems } = plan(version, known)
    expect(problems).toEqual([])
    expect(steps).toMatchObject([{ kind: 'publish', tag }])
  })

  it('is nothing that is there already', () => {
    const { steps, problems } = plan('0.1.0', published('0.2.0', '0.1.0'))
    expect(problems).toEqual([])
    expect(steps).toMatchObject([{ kind: 'skip' }])
  })

  it.each([
    ['latest', '0.1.5', published('0.2.0', '0.1.0'), '0.1.5 would move the tag latest back from 0.2.0'],
    [
      'the tag of previews',
      '0.3.0-rc.1',
      { ...published('0.2.0'), tags: { latest: '0.2.0', rc: '0.3.0-rc.2' } },
      '0.3.0-rc.1 would move the tag rc back from 0.3.0-rc.2',
    ],
  ])('never moves %s back', (_what, version, known, problem) => {
    expect(plan(version, known).problems).toEqual([
      expect.stringMatching(new RegExp(`^acme ${problem}.*: give it a version above`)),
    ])
  })

  it('is not decided without the registry', () => {
    expect(() => planOf([packed('acme', '0.1.0')], new Map())).toThrow('nobody has asked')
  })
})

describe('the registry', () => {
  async function registry(answers: Readonly<Record<string, object>>): Promise<string> {
    const server = createServer((request, response) => {
      const answer = answers[decodeURIComponent(request.url ?? '').slice(1)]
      response.writeHead(answer ? 200 : request.url?.includes('broken') ? 403 : 404)
      response.end(JSON.stringify(answer ?? { error: 'no' }))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }
  const packument = (name: string, tags: object, ...versions: string[]) => ({
    name,
    'dist-tags': tags,
    versions: Object.fromEntries(
      versions.map((version) => [
        version,
        { name, version, dist: { tarball: 'http://127.0.0.1/x', shasum: '' } },
      ]),
    ),
  })

  it('says which versions and tags there are', { timeout: 60_000 }, async () => {
    const url = await registry({
      '@acme/one': packument('@acme/one', { latest: '0.1.0' }, '0.1.0'),
      two: packument('two', { latest: '0.2.0', rc: '0.3.0-rc.1' }, '0.1.0', '0.2.0', '0.3.0-rc.1'),
    })
    expect(await registered(ROOT, '@acme/one', url)).toEqual({
      kind: 'published',
      versions: ['0.1.0'],
      tags: { latest: '0.1.0' },
    })
    expect(await registered(ROOT, 'two', url)).toEqual({
      kind: 'published',
      versions: ['0.1.0', '0.2.0', '0.3.0-rc.1'],
      tags: { latest: '0.2.0', rc: '0.3.0-rc.1' },
    })
  })

  it('not knowing a package is one thing, not answering another', { timeout: 60_000 }, async () => {
    const url = await registry({})
    expect(await registered(ROOT, '@acme/none', url)).toEqual({ kind: 'unknown-package' })
    await expect(registered(ROOT, 'broken', url)).rejects.toThrow('did not say what it has of broken')
  })
})

describe('publishing', () => {
  const step = { kind: 'publish', tarball: packed('acme', '0.1.0'), tag: 'rc' } as const

  it('gives the tarball, for everybody, with its tag', () => {
    const args = ['publish', '/t/acme.tgz', '--access', 'public', '--tag', 'rc', '--no-git-checks']
    expect(publishArguments(step, false)).toEqual(args)
    expect(publishArguments(step, true)).toEqual([...args, '--provenance'])
  })

  it('is signed where CI can do so', () => {
    expect(provenance({})).toBe(false)
    expect(provenance({ GITHUB_ACTIONS: 'true' })).toBe(false)
    expect(provenance({ GITHUB_ACTIONS: 'true', ACTIONS_ID_TOKEN_REQUEST_URL: 'x' })).toBe(true)
    expect(provenance({ GITLAB_CI: 'true', SIGSTORE_ID_TOKEN: 'x' })).toBe(true)
  })

  it('is not signed for a package that does not say where it is from', () => {
    const named = packed('named', '1.0.0', { repository: 'github:acme/acme' })
    expect(provenanceProblems([step.tarball, named], true)).toEqual([
      expect.stringContaining('acme has no "repository"'),
    ])
    expect(provenanceProblems([step.tarball], false)).toEqual([])
  })
})

describe('the tree of a release', () => {
  function repository(files: Files) {
    const made = tree(files)
    const git = (...args: string[]) =>
      spawnSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], { cwd: made.root })
    git('init', '--quiet')
    git('add', '.')
    git('commit', '--quiet', '--message=x')
    return made
  }

  it('is committed, and every changeset is in a version', () => {
    using made = repository({ 'a.txt': 'a', '.changeset/README.md': '', '.changeset/config.json': '{}' })
    expect(treeProblems(made.root)).toEqual([])
    made.write({ 'a.txt': 'b' })
    expect(treeProblems(made.root)).toEqual(['1 files are not committed: commit them, or put them away'])
  })

  it('has no changeset that waits', () => {
    using made = repository({ '.changeset/brave-dogs.md': '---\n"acme": patch\n---\n\nIt works.\n' })
    expect(treeProblems(made.root)).toEqual([
      expect.stringMatching(/^1 changesets are in no version yet: pnpm/),
    ])
  })

  it('is a git repository', () => {
    using made = tree({ 'a.txt': 'a' })
    expect(treeProblems(made.root)).toEqual([expect.stringContaining('git does not say')])
  })
})
