import { mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { link, project } from './packages.ts'
import { holdfast } from './run-command.ts'

const CONFIG = 'holdfast.config.mts'

/** What `npm init` makes: a package in which `.ts` is CommonJS. */
const NPM_INIT = { 'package.json': { name: 'newcomer', version: '1.0.0', type: 'commonjs' } }

async function settings(cwd: string, configFile: string): Promise<Record<string, unknown>> {
  const { code, out, err } = await holdfast(cwd, ['config', 'show', '--json', '-c', configFile])
  expect(err).toBe('')
  expect(code).toBe(0)
  const entries = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  return Object.fromEntries(entries.map(({ plugin, knob, value }) => [`${plugin}.${knob}`, value]))
}

describe('holdfast init', () => {
  it.each([
    ['a project that npm init has made', NPM_INIT],
    ['a project of modules', { 'package.json': { type: 'module' } }],
    ['an empty folder', {}],
  ])('[A-07] writes a config file that loads in %s, from any working folder', async (_, files) => {
    const root = project(files)
    const made = await holdfast(root, ['init'])
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(made.out).toContain(`wrote ${CONFIG}\n`)
    const elsewhere = await settings(realpathSync(tmpdir()), root)
    expect(elsewhere).toEqual(await settings(root, '.'))
    expect(elsewhere['manifest.dataDir']).toBe(join(root, 'data'))
    expect(elsewhere['backend-local.root']).toBe(join(root, 'files'))
  })

  it('[R-21] deletes nothing by itself: the schedule is off, and a run is limited and can be undone for a week', async () => {
    const root = project({})
    await holdfast(root, ['init'])
    const found = await settings(root, '.')
    expect(found['retention.schedule']).toBe('off')
    expect(found['retention.eraseDelay']).toBe(7 * 86_400_000)
    expect(found['retention.maxShare']).toBe(0.2)
    expect(found['retention.emptiness']).toBe('refuse')
    expect(found['retention.policies']).toEqual([
      expect.objectContaining({
        match: '**',
        maxAge: 365 * 86_400_000,
        minAge: 7 * 86_400_000,
        keepNewest: 1,
      }),
    ])
  })

  it('[K-10] the environment beats what it writes', async () => {
    const root = project({})
    await holdfast(root, ['init'])
    const env = { ...process.env, HOLDFAST_MANIFEST_DATA_DIR: '/elsewhere' }
    const { out } = await holdfast(root, ['config', 'show', '--set', '--json'], { env })
    expect(out).toContain('"value":"/elsewhere"')
  })

  it('[A-07] a node starts with it and keeps a file', async () => {
    const root = project({ ...NPM_INIT, 'a.txt': 'hello' })
    link(root, 'holdfast')
    await holdfast(root, ['init'])
    expect(await holdfast(root, ['files', 'put', 'a.txt', 'notes/a.txt'])).toMatchObject({ code: 0, err: '' })
    expect(await holdfast(root, ['files', 'get', 'notes/a.txt'])).toMatchObject({ code: 0, out: 'hello' })
    const plan = await holdfast(root, ['retention', 'plan'])
    expect(plan).toMatchObject({ code: 0, out: expect.stringContaining('would take 0 files') })
  })

  it('[A-07] with --json it says what it wrote, in a folder that it makes', async () => {
    const root = project({ '.git/HEAD': 'ref: refs/heads/main' })
    const { code, out } = await holdfast(root, ['init', 'deep/node', '--json'])
    const folder = join(root, 'deep', 'node')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({
      config: join(folder, CONFIG),
      data: join(folder, 'data'),
      files: join(folder, 'files'),
      gitignore: { file: join(folder, '.gitignore'), added: ['/data/', '/files/'] },
    })
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('/data/\n/files/\n')
  })

  it.each(['holdfast.config.mts', 'holdfast.config.json'])(
    '[A-07] refuses with 3 where there is a %s, and changes nothing',
    async (name) => {
      const root = project({ [name]: 'mine', '.gitignore': '' })
      const { code, out, err } = await holdfast(root, ['init'])
      expect(code).toBe(3)
      expect(out).toBe('')
      expect(err).toMatch(/^HF_PATH_EXISTS: .* is there already/)
      expect(readFileSync(join(root, name), 'utf8')).toBe('mine')
      expect(readFileSync(join(root, '.gitignore'), 'utf8')).toBe('')
    },
  )

  it('[A-07] writes through no link that leads nowhere', async () => {
    const root = project({})
    symlinkSync(join(root, 'nowhere'), join(root, CONFIG))
    expect((await holdfast(root, ['init', '--json'])).code).toBe(3)
  })

  it.each([
    ['no line at its end', 'node_modules', 'node_modules\n/data/\n/files/\n'],
    ['one of the lines', 'a\r\n/data/\r\n', 'a\r\n/data/\r\n/files/\n'],
    ['both lines', '/files/\n/data/\n', '/files/\n/data/\n'],
  ])('[A-07] adds to a .gitignore with %s what is missing', async (_, before, after) => {
    const root = project({ '.gitignore': before })
    expect((await holdfast(root, ['init'])).code).toBe(0)
    expect(readFileSync(join(root, '.gitignore'), 'utf8')).toBe(after)
  })

  it('[A-07] leaves the data and files of somebody else alone', async () => {
    const root = project({ 'data/mine.csv': '1' })
    mkdirSync(join(root, 'files'))
    const { out } = await holdfast(root, ['init', '--json'])
    expect(JSON.parse(out)).toMatchObject({
      data: join(root, 'holdfast-data'),
      files: join(root, 'holdfast-files'),
    })
  })

  it('[A-06] says why when the folder is a file', async () => {
    const root = project({})
    writeFileSync(join(root, 'file'), '')
    const { code, err } = await holdfast(root, ['init', 'file'])
    expect(code).toBe(1)
    expect(err).toMatch(/^E\w+: .*\n$/)
  })

  it('[A-06] a config file of a package that is no module says how to name it', async () => {
    const root = project({ ...NPM_INIT, 'holdfast.config.ts': 'export default { plugins: [] }' })
    const { code, err } = await holdfast(root, ['config', 'show'])
    expect(code).toBe(1)
    expect(err).toContain('name the file holdfast.config.mts')
  })
})
