import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, type onTestFinished } from 'vitest'
import { commandOf, link, pluginPackage, project } from './packages.ts'

const MAIN = commandOf('holdfast')

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** `holdfast verify` in a folder of a user. */
function verify(root: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--conditions=holdfast-source', MAIN, 'verify', ...args],
      { cwd: root, encoding: 'utf8' },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}

/** The steps that it took, and what the last one to fail said. */
async function stepsOf(root: string, ...args: string[]) {
  const { code, stdout } = await verify(root, '--json', ...args)
  const { ok, steps, plugin } = JSON.parse(stdout) as {
    ok: boolean
    plugin?: { id: string }
    steps: { step: string; ok: boolean; code?: string; problem?: string }[]
  }
  expect(code).toBe(ok ? 0 : 1)
  const failed = steps.find((step) => !step.ok)
  return { ok, plugin, steps: steps.map(({ step }) => step).join(' '), failed }
}

/** A package around the local backend, of which something is changed. */
function backendPackage(change: string, finished?: typeof onTestFinished) {
  const name = '@acme/holdfast-backend-x'
  const files = {
    [`node_modules/${name}/package.json`]: { name, type: 'module', exports: './index.js' },
    [`node_modules/${name}/index.js`]: `
      import { backendLocal } from '@holdfast/backend-local'
      import { definePlugin } from '@holdfast/core'
      export function plugin(options) {
        const own = backendLocal(options)
        const changed = (backend) => ({
          get topology() { return backend.topology },
          get capabilities() { return backend.capabilities },
          get limits() { return backend.limits },
          start: (options) => backend.start(options),
          write: (key, source, options) => backend.write(key, source, options),
          read: (key, options) => backend.read(key, options),
          stat: (key, options) => backend.stat(key, options),
          list: (options) => backend.list(options),
          delete: (targets, options) => backend.delete(targets, options),
          ...(${change})(backend),
        })
        return definePlugin({ ...own, setup: (ctx) => own.setup({ ...ctx, provide: (n, create) => ctx.provide(n, (s) => changed(create(s))) }) })
      }`,
  }
  const root = project(files, finished)
  for (const ours of ['@holdfast/backend-local', '@holdfast/core']) link(root, ours)
  return { root, name }
}

const ROOT = ['--config', '{"root":"./files"}']

describe('holdfast verify', () => {
  it('[K-02] a backend that a node can use keeps, reads and deletes one file', async () => {
    const { root, name } = backendPackage('() => ({})')
    const { code, stdout } = await verify(root, name, ...ROOT)
    expect(stdout.split('\n')).toEqual([
      'ok      resolve',
      'ok      shape',
      'ok      api',
      'ok      config',
      'ok      start',
      'ok      write',
      'ok      read',
      'ok      delete',
      'ok      stop',
      expect.stringMatching(/^@acme\/holdfast-backend-x \(backend-local .*\) can be used$/),
      '',
    ])
    expect(code).toBe(0)
    const left = readdirSync(join(root, 'files'), { recursive: true }).map(String)
    expect(left.filter((file) => !file.startsWith('.holdfast'))).toEqual([])
  })

  it('[K-02] a plugin is started beside a manifest and a local backend', async () => {
    const root = project(pluginPackage('@acme/holdfast-plugin-x', 'acme-x'))
    expect(await stepsOf(root, '@acme/holdfast-plugin-x', '--config', '{"greeting":"hello"}')).toEqual({
      ok: true,
      plugin: { id: 'acme-x', version: '1.0.0', provides: [] },
      steps: 'resolve shape api config start stop',
      failed: undefined,
    })
    expect(existsSync(join(root, 'data'))).toBe(false)
  })

  it.each([
    ['resolve', 'acme-none', {}, 'HF_PLUGIN_NOT_INSTALLED', /npm install acme-none/],
    [
      'shape',
      'acme-x',
      {
        'node_modules/acme-x/package.json': { name: 'acme-x', type: 'module', exports: './index.js' },
        'node_modules/acme-x/index.js': 'export const acme = 1',
      },
      'HF_PLUGIN_HIDDEN',
      /no export `plugin`/,
    ],
    [
      'api',
      'acme-x',
      {
        ...pluginPackage('acme-x', 'acme-x'),
        'node_modules/acme-x/index.js': String(
          pluginPackage('acme-x', 'acme-x')['node_modules/acme-x/index.js'],
        ).replace("api: '1.0'", "api: '2.0'"),
      },
      'HF_ASSEMBLY_INVALID',
      /was written for api 2\.0.*update @holdfast\/core/,
    ],
  ] as const)(
    '[K-02] a package that fails at %s says so, with the cure',
    async (step, name, files, code, problem) => {
      const verified = await stepsOf(project(files), name)
      expect(verified.ok).toBe(false)
      expect(verified.failed).toMatchObject({ step, code, problem: expect.stringMatching(problem) })
      expect(verified.steps.endsWith(step)).toBe(true)
    },
  )

  it('[K-02] a plugin of the wrong shape is told as such, not by a stumble', async () => {
    const { 'node_modules/acme-x/package.json': own, 'node_modules/acme-x/index.js': source } = pluginPackage(
      'acme-x',
      'acme-x',
    )
    const root = project({
      'node_modules/acme-x/package.json': own as object,
      'node_modules/acme-x/index.js': String(source).replace('provides: []', 'provides: 5'),
    })
    expect((await stepsOf(root, 'acme-x')).failed).toMatchObject({
      step: 'config',
      code: 'HF_ASSEMBLY_INVALID',
      problem: expect.stringContaining('provides is 5; it takes a list of names'),
    })
  })

  it('[K-02] options that are missing or unknown fail at config', async () => {
    const { root, name } = backendPackage('() => ({})')
    expect((await stepsOf(root, name)).failed).toMatchObject({
      step: 'config',
      code: 'HF_ASSEMBLY_INVALID',
      problem: expect.stringContaining('root'),
    })
    expect((await stepsOf(root, name, '--config', '{"root":"./files","rot":1}')).failed?.problem).toContain(
      'rot',
    )
  })

  it.each([
    ['start', 'start: () => { throw new Error("no luck") }', 'resolve shape api config start'],
    ['write', 'write: async () => { throw new Error("no luck") }', 'resolve shape api config start'],
    [
      'delete',
      'delete: async (targets) => targets.map(({ key }) => ({ key, status: "gone" }))',
      'resolve shape api config start write read delete stop',
    ],
  ])(
    '[K-02] a backend whose %s does not work fails, and its node is stopped',
    async (_what, change, steps) => {
      const { root, name } = backendPackage(`() => ({ ${change} })`)
      const verified = await stepsOf(root, name, ...ROOT)
      expect(verified).toMatchObject({ ok: false, steps })
      expect(verified.failed?.problem).toMatch(/no luck|still shows it/)
    },
  )

  it('[K-04] a plugin that leaves something running is told what, and the command ends', async () => {
    const name = '@acme/holdfast-plugin-x'
    const root = project(pluginPackage(name, 'acme-x'))
    const index = join(root, 'node_modules', name, 'index.js')
    writeFileSync(
      index,
      readFileSync(index, 'utf8').replace('setup() {}', 'setup() { setInterval(() => {}, 1000) }'),
    )
    expect(await stepsOf(root, name)).toMatchObject({
      ok: false,
      failed: { step: 'stop', problem: expect.stringContaining('keeps the process from ending: Timeout') },
    })
  })

  it('[A-06] options that are no JSON object are refused with what is wrong', async () => {
    const root = project({})
    for (const [given, why] of [
      ['{', 'not JSON'],
      ['[]', 'not an object'],
    ] as const) {
      const { code, stderr } = await verify(root, 'x', '--config', given)
      expect(code).toBe(2)
      expect(stderr).toContain(why)
    }
  })
})

describe.concurrent('holdfast verify, of what never answers', { timeout: 90_000 }, () => {
  it('[K-04] a stop: that step fails, and the command ends', async ({ expect, onTestFinished }) => {
    const name = '@acme/holdfast-plugin-x'
    const root = project(pluginPackage(name, 'acme-x'), onTestFinished)
    const index = join(root, 'node_modules', name, 'index.js')
    const hanging = 'setup({ onStop }) { onStop(() => new Promise(() => {})) }'
    writeFileSync(index, readFileSync(index, 'utf8').replace('setup() {}', hanging))
    expect(await stepsOf(root, name)).toMatchObject({
      ok: false,
      failed: { step: 'stop', problem: expect.stringMatching(/acme-x/) },
    })
  })

  it('[K-02] a write of a backend: it is told as such', async ({ expect, onTestFinished }) => {
    const { root, name } = backendPackage(
      '(backend) => ({ write: (key, ...rest) => key.startsWith(".holdfast/") ? backend.write(key, ...rest) : new Promise(() => {}) })',
      onTestFinished,
    )
    expect(await stepsOf(root, name, ...ROOT)).toMatchObject({
      ok: false,
      failed: { step: 'write', problem: expect.stringContaining('did not answer within 15000 ms') },
    })
  })
})
