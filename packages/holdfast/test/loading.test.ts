import { readFileSync, writeFileSync } from 'node:fs'
import { loadNode } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { failuresOf, link, loader, pluginPackage, project } from './packages.ts'

const load = loader()

/** Its short name is known; the package is the user's to install. */
const RETENTION = '@holdfast/plugin-retention'

const STORAGE = { 'backend-local': { root: './files' }, manifest: { dataDir: './data' } }
const config = (...plugins: unknown[]) => ({ 'holdfast.config.json': { plugins } })
const module = (name: string, source: string, manifest: object = {}) => ({
  [`node_modules/${name}/package.json`]: { name, type: 'module', exports: './index.js', ...manifest },
  [`node_modules/${name}/index.js`]: source,
})

/** A folder whose config names exactly one plugin, and why it cannot be loaded. */
async function failureOf(name: string, files: Readonly<Record<string, string | object>> = {}) {
  const loaded = await load(project({ ...config(name), ...files }))
  if (!('code' in loaded) || loaded.code !== 'HF_PLUGINS_NOT_LOADED') throw new Error(JSON.stringify(loaded))
  const [problem, ...others] = loaded.context.problems
  expect(others).toEqual([])
  expect(loaded.message).toContain(name)
  return { ...problem, cause: loaded.cause }
}

describe('loading plugins by name', () => {
  it('[K-02] a short name, a full name with options, and a plugin made in the config file become one node', async () => {
    const root = project({
      ...pluginPackage('@acme/holdfast-plugin-x', 'acme-x'),
      'holdfast.config.ts': `
        import { backendLocal } from '@holdfast/backend-local'
        import { defineConfig, type HoldfastConfig } from 'holdfast'
        const config: HoldfastConfig = {
          plugins: [backendLocal({ root: './files' }), 'manifest', ['@acme/holdfast-plugin-x', { greeting: 'hello' }], 'retention'],
          config: { manifest: { dataDir: './data' }, retention: { eraseDelay: '2h' } },
          node: { log: 'silent' },
        }
        export default defineConfig(config)`,
    })
    for (const name of ['holdfast', '@holdfast/backend-local', '@holdfast/core', RETENTION]) link(root, name)
    const loaded = await load(root, { HOLDFAST_MANIFEST_ERASE_DELAY: '3h' })
    expect(loaded).toMatchObject({ entries: expect.anything() })
    const entries = 'entries' in loaded ? loaded.entries : []
    expect(
      Object.fromEntries(entries.map((e) => [`${e.plugin}.${e.knob}`, `${e.shown} ${e.source}`])),
    ).toMatchObject({
      'node.log': 'silent file',
      'backend-local.root': './files code',
      'manifest.dataDir': './data file',
      'manifest.eraseDelay': '3h environment',
      'acme-x.greeting': '"hello" code',
      'retention.eraseDelay': '2h file',
    })
  })

  it('[K-02] names are looked up from the folder of the config file, whatever the working folder is', async () => {
    const root = project({
      ...pluginPackage('acme-x', 'acme-x'),
      'deploy/holdfast.config.json': { plugins: ['acme-x'] },
    })
    expect(await load(`${root}/deploy`)).toMatchObject({ entries: expect.anything() })
    expect(await load(`${root}/deploy/holdfast.config.json`)).toMatchObject({ entries: expect.anything() })
  })

  it('[K-02] a CommonJS package is a plugin too', async () => {
    const { 'node_modules/acme-x/index.js': source } = pluginPackage('acme-x', 'acme-x')
    const root = project({
      ...config('acme-x'),
      'node_modules/acme-x/package.json': { name: 'acme-x', main: 'index.cjs' },
      'node_modules/acme-x/index.cjs': `${String(source).replace('export function plugin', 'function plugin')}
        Object.assign(module.exports, Object.fromEntries([['plugin', plugin]]))`,
    })
    expect(await load(root)).toMatchObject({ entries: expect.anything() })
  })

  it('[K-02] not installed', async () => {
    expect(await failureOf('@acme/holdfast-plugin-x')).toMatchObject({
      code: 'HF_PLUGIN_NOT_INSTALLED',
      problem: 'is not installed: npm install @acme/holdfast-plugin-x',
    })
  })

  it('[K-02] a name without a scope that is nobody’s says which short names there are', async () => {
    expect(await failureOf('retenton')).toMatchObject({
      code: 'HF_PLUGIN_NOT_INSTALLED',
      problem: expect.stringContaining('short names are backend-local, manifest, retention'),
    })
  })

  it('[K-02] a short name is ours, also when a package is called like it', async () => {
    const squatted = module('retention', `throw new Error('squatted')`)
    const root = project({
      ...squatted,
      'holdfast.config.json': { plugins: ['backend-local', 'manifest', 'retention'], config: STORAGE },
    })
    link(root, RETENTION)
    expect(await load(root)).toMatchObject({
      entries: expect.arrayContaining([expect.objectContaining({ plugin: 'retention' })]),
    })
  })

  it.each([
    ['an import', module('acme-x', `import 'acme-missing'; export const plugin = () => undefined`)],
    ['a require', { ...module('acme-x', `require('acme-missing')`, { type: 'commonjs' }) }],
    ['a file of its own', module('acme-x', `import './gone.js'; export const plugin = () => undefined`)],
    ['its factory', module('acme-x', `export const plugin = () => import('acme-missing')`)],
  ])('[K-02] its own dependency is missing: %s', async (_what, files) => {
    expect(await failureOf('acme-x', files)).toMatchObject({
      code: 'HF_PLUGIN_DEPENDENCY_MISSING',
      problem: expect.stringMatching(/is installed, but .*(acme-missing|gone\.js).*; install that beside it/),
      cause: expect.stringMatching(/MODULE_NOT_FOUND/),
    })
  })

  it.each([
    [
      'only for import',
      module('acme-x', 'export const plugin = 1', { exports: { import: './index.js' } }),
      /needs a "default" condition/,
    ],
    [
      'not at all',
      module('acme-x', 'export const plugin = 1', { exports: { './other': './index.js' } }),
      /needs a "default" condition/,
    ],
    [
      'under another name',
      module('acme-x', 'export const acme = () => 1'),
      /has no export `plugin`; it has acme/,
    ],
    [
      'as its default only',
      module('acme-x', 'export default () => 1'),
      /has no export `plugin`; it has default/,
    ],
    [
      'in a file that was never built',
      module('acme-x', '', { exports: './dist/index.js' }),
      /leads to a file that is not there/,
    ],
    ['by a broken package.json', { 'node_modules/acme-x/package.json': '{' }, /cannot be resolved/],
  ])('[K-02] its exports hide it: exported %s', async (_what, files, problem) => {
    expect(await failureOf('acme-x', files)).toMatchObject({
      code: 'HF_PLUGIN_HIDDEN',
      problem: expect.stringMatching(problem),
    })
  })

  it.each([
    ['a value', 'export const plugin = 5', /is a number, not a factory/],
    ['a made plugin', 'export const plugin = { id: "x" }', /is an object, not a factory/],
    [
      'a factory of something else',
      'export const plugin = () => ({ id: "x" })',
      /gives an object, not a Holdfast plugin/,
    ],
    ['a factory of nothing', 'export const plugin = () => {}', /gives undefined/],
    ['a factory of many', 'export const plugin = () => []', /gives a list/],
  ])('[K-02] not a Holdfast plugin: `plugin` is %s', async (_what, source, problem) => {
    expect(await failureOf('acme-x', module('acme-x', source))).toMatchObject({
      code: 'HF_PLUGIN_INVALID',
      problem: expect.stringMatching(problem),
    })
  })

  it('[K-02] a part of Node is not a Holdfast plugin', async () => {
    expect(await failureOf('fs')).toMatchObject({ code: 'HF_PLUGIN_INVALID' })
  })

  it.each([
    ['module', `throw new Error('no luck')`, /its module threw: no luck/],
    ['factory', `export const plugin = () => { throw new Error('no luck') }`, /its factory threw: no luck/],
    ['source', `export const = 1`, /its module threw/],
  ])('[K-02] a %s that throws is told apart from all of these', async (_what, source, problem) => {
    expect(await failureOf('acme-x', module('acme-x', source))).toMatchObject({
      code: 'HF_PLUGIN_FAILED',
      problem: expect.stringMatching(problem),
    })
  })

  it('[K-02] all names that fail come in one error, and none is skipped', async () => {
    const loaded = await load(
      project({
        ...config('acme-none', ['acme-dep', {}], 'acme-good', 'acme-hidden', 'acme-other', 'acme-throws'),
        ...pluginPackage('acme-good', 'good'),
        ...module('acme-dep', `import 'acme-missing'`),
        ...module('acme-hidden', '', { exports: {} }),
        ...module('acme-other', 'export const plugin = () => 5'),
        ...module('acme-throws', 'throw 5'),
      }),
    )
    expect(loaded).toMatchObject({ code: 'HF_PLUGINS_NOT_LOADED' })
    expect(failuresOf(loaded)).toEqual({
      'acme-none': 'HF_PLUGIN_NOT_INSTALLED',
      'acme-dep': 'HF_PLUGIN_DEPENDENCY_MISSING',
      'acme-hidden': 'HF_PLUGIN_HIDDEN',
      'acme-other': 'HF_PLUGIN_INVALID',
      'acme-throws': 'HF_PLUGIN_FAILED',
    })
  })

  it('[K-02] a plugin that is made wrongly in the config file is an error of the assembly', async () => {
    const root = project({
      'holdfast.config.js': 'export default { plugins: [function acme() {}, [{}], 5] }',
    })
    const loaded = await load(root)
    expect(loaded).toMatchObject({
      code: 'HF_ASSEMBLY_INVALID',
      context: {
        problems: [
          { plugin: 'plugins[0]', problem: expect.stringContaining('call it') },
          { plugin: 'plugins[1]', problem: expect.stringContaining('spread it') },
          { plugin: 'plugins[2]', problem: expect.stringContaining('definePlugin') },
        ],
      },
    })
  })
})

describe('the config file', () => {
  it.each([
    ['no file', {}, /has no holdfast.config.ts, .*, holdfast.config.json; "holdfast init" writes one/],
    ['two files', { 'holdfast.config.js': '', 'holdfast.config.json': '{}' }, /keep one, or name it/],
    ['no JSON', { 'holdfast.config.json': '{ "plugins": s3cret' }, /it is not JSON$/],
    ['no default export', { 'holdfast.config.js': 'export const config = {}' }, /no default export/],
    ['a function', { 'holdfast.config.js': 'export default () => ({})' }, /it exports a function/],
    ['a mistake in its code', { 'holdfast.config.js': 'export default {' }, /it cannot be imported/],
    [
      'an import that is missing',
      { 'holdfast.config.js': `import 'acme-missing'` },
      /cannot be imported: .*acme-missing/,
    ],
    ['a list', { 'holdfast.config.json': [] }, /it is not an object/],
    ['null', { 'holdfast.config.json': 'null' }, /it is not an object/],
    ['no plugins', { 'holdfast.config.json': {} }, /"plugins" is not a list/],
  ])('[A-06] with %s it is refused', async (_what, files, message) => {
    const loaded = await load(project(files))
    expect(loaded).toMatchObject({ code: 'HF_CONFIG_INVALID', message: expect.stringMatching(message) })
    expect(JSON.stringify(loaded)).not.toContain('s3cret')
  })

  it('[X-09] with any byte changed, or cut anywhere, it gives a node or an error that says what is wrong', async () => {
    const config = {
      plugins: ['backend-local', ['manifest', { reserve: 0 }]],
      config: { 'backend-local': { root: './f' }, manifest: { dataDir: './d', eraseDelay: '1h' } },
      node: { log: 'info' },
    }
    const root = project({ 'holdfast.config.json': config })
    for (const name of ['@holdfast/backend-local', '@holdfast/manifest']) link(root, name)
    const file = `${root}/holdfast.config.json`
    const sound = readFileSync(file)
    expect(await load(root)).toHaveProperty('entries')
    const damages = [...sound.keys()].map((at) => {
      const flipped = Buffer.from(sound)
      flipped[at]! ^= 1 << (at % 8)
      return flipped
    })
    for (let length = 0; length < sound.length; length += 5) damages.push(sound.subarray(0, length))
    let refused = 0
    for (const bytes of damages) {
      writeFileSync(file, bytes)
      const loaded = await load(root)
      if ('entries' in loaded) continue
      refused++
      expect([bytes.toString('latin1'), loaded]).toEqual([
        bytes.toString('latin1'),
        expect.objectContaining({
          code: expect.stringMatching(/^HF_(CONFIG_INVALID|PLUGINS_NOT_LOADED|ASSEMBLY_INVALID)$/),
        }),
      ])
    }
    // The rest has become another name or number that can be.
    expect(refused).toBeGreaterThan(damages.length * 0.8)
  })

  it('[A-06] all mistakes of its outline come at once', async () => {
    const loaded = await load(
      project({
        'holdfast.config.json': { plugin: [], plugins: ['', ['x', 5]], config: { node: {} }, node: [] },
      }),
    )
    expect(loaded).toMatchObject({
      code: 'HF_CONFIG_INVALID',
      context: {
        problems: [
          expect.stringMatching(/"plugin" is unknown; known are plugins, config, node/),
          expect.stringMatching(/plugins\[0\] is an empty name/),
          expect.stringMatching(/plugins\[1\] is not \["x", \{/),
          expect.stringMatching(/stand in "node"/),
          expect.stringMatching(/"node" is not an object/),
        ],
      },
    })
  })

  it('[A-06] a path that is not there, or no config file, is refused', async () => {
    const root = project({ 'holdfast.yaml': '' })
    expect(await load(`${root}/none`)).toMatchObject({ code: 'HF_CONFIG_INVALID' })
    expect(await load(`${root}/holdfast.yaml`)).toMatchObject({ code: 'HF_CONFIG_INVALID' })
  })

  it('[K-01] wrong settings in it come in one error with their cure', async () => {
    const root = project({
      'holdfast.config.json': {
        plugins: ['backend-local', 'manifest', ['retention', { eraseDelai: 1 }]],
        config: { manifest: { dataDir: './data', eraseDelay: '-1h' }, retenton: {} },
        node: { lgo: 'info' },
      },
    })
    link(root, RETENTION)
    const loaded = await load(root, { HOLDFAST_RETENTION_ERASE_DELAY: 'x' })
    expect(loaded).toMatchObject({ code: 'HF_ASSEMBLY_INVALID' })
    expect('context' in loaded && loaded.context.problems.map(({ plugin }) => plugin).sort()).toEqual([
      '@holdfast/backend-local',
      '@holdfast/manifest',
      '@holdfast/plugin-retention',
      '@holdfast/plugin-retention',
      'config',
      'node',
    ])
  })

  it.each(['null', 'undefined', '5'])(
    '[K-02] a factory that throws %s is told as one that throws',
    async (thrown) => {
      const failure = await failureOf(
        'acme-x',
        module('acme-x', `export const plugin = () => { throw ${thrown} }`),
      )
      expect(failure).toMatchObject({ code: 'HF_PLUGIN_FAILED', problem: expect.stringContaining(thrown) })
    },
  )

  it('[K-01] a folder with the name of a config file is none', async () => {
    expect(await load(project({ 'holdfast.config.json/x': '' }))).toMatchObject({ code: 'HF_CONFIG_INVALID' })
  })

  it('[K-01] a mark of the byte order before JSON is no mistake', async () => {
    const root = project({
      ...pluginPackage('acme-x', 'acme-x'),
      'holdfast.config.json': '\uFEFF{ "plugins": ["acme-x"] }',
    })
    expect(await load(root)).toMatchObject({ entries: expect.anything() })
  })

  it('[K-01] loadNode of nothing says what it takes', async () => {
    await expect(loadNode(undefined as never)).rejects.toThrow(/the path of a config file/)
  })
})
