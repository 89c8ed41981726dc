import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { namesOf } from 'create-holdfast-plugin'
import { describe, expect, it, onTestFinished } from 'vitest'

const FOLDER = dirname(createRequire(import.meta.url).resolve('create-holdfast-plugin/package.json'))
/** Its source, or what its tarball has. */
const [MAIN = ''] = ['src/main.ts', 'dist/main.js'].map((file) => join(FOLDER, file)).filter(existsSync)

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'create-holdfast-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs the command; its standard input is no terminal. */
async function create(cwd: string, ...args: string[]) {
  const child = spawn(process.execPath, ['--conditions=holdfast-source', MAIN, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (part) => {
    said.stdout += part
  })
  child.stderr.on('data', (part) => {
    said.stderr += part
  })
  const [code] = await once(child, 'close')
  return { code, ...said }
}

const packageIn = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

describe('npm create holdfast-plugin', () => {
  it('[K-13] makes a backend under the name that it is given', async () => {
    const root = temporaryFolder()
    const { code, stdout } = await create(
      root,
      'mine',
      '--kind',
      'backend',
      '--name',
      '@acme/holdfast-backend-x',
      '--yes',
    )
    expect(code).toBe(0)
    expect(stdout).toContain('cd mine')
    expect(packageIn(join(root, 'mine'))).toMatchObject({
      name: '@acme/holdfast-backend-x',
      keywords: ['holdfast', 'holdfast-plugin', 'holdfast-backend'],
    })
    expect(readFileSync(join(root, 'mine/src/index.ts'), 'utf8')).toContain('backendX as plugin')
  })

  it('[K-13] asks nothing without a terminal: the folder gives the name', async () => {
    const root = temporaryFolder()
    expect((await create(root, 'Tidy')).code).toBe(0)
    expect(packageIn(join(root, 'Tidy'))).toMatchObject({ name: 'holdfast-plugin-tidy' })
    expect((await create(root, '--kind', 'backend', '--name', '@acme/x')).code).toBe(0)
    expect(packageIn(join(root, 'x'))).toMatchObject({ name: '@acme/x' })
  })

  it('[K-13] writes nothing into a folder that has something in it, nor over a file', async () => {
    const root = temporaryFolder()
    writeFileSync(join(root, 'package.json'), 'mine')
    for (const [folder, why] of [
      ['.', /is not empty: it has package\.json/],
      ['package.json', /is a file/],
    ] as const) {
      const { code, stderr } = await create(root, folder, '--name', 'x', '--yes')
      expect(code).toBe(1)
      expect(stderr).toMatch(why)
    }
    expect(readdirSync(root)).toEqual(['package.json'])
    expect(readFileSync(join(root, 'package.json'), 'utf8')).toBe('mine')
  })

  it.each([
    [['x', '--kind', 'store'], /--kind is backend or plugin/],
    [['x', '--name', 'No Name'], /cannot be a name on npm/],
    [['x', '--name', '@acme/42'], /cannot be the id of a plugin.*--id/],
    [['x', '--name', 'ok', '--id', 'node'], /cannot be the id/],
    [['x', 'y'], /one folder is enough/],
    [['x', '--kindd', 'backend'], /--kindd/],
  ])('[K-13] refuses %j with what is wrong, and makes nothing', async (args, why) => {
    const root = temporaryFolder()
    const { code, stderr } = await create(root, ...args)
    expect(code).toBe(1)
    expect(stderr).toMatch(why)
    expect(existsSync(join(root, 'x'))).toBe(false)
  })

  it('[K-13] says how it is used, and which version it is', async () => {
    const root = temporaryFolder()
    expect((await create(root, '--help')).stdout).toContain('--kind')
    expect((await create(root, '--version')).stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/)
    expect(readdirSync(root)).toEqual([])
  })
})

describe('names', () => {
  it.each([
    ['@acme/holdfast-backend-x', 'backend-x', 'backendX'],
    ['holdfast-plugin-licence', 'licence', 'licence'],
    ['@acme/plugin-tidy.up', 'tidy-up', 'tidyUp'],
    ['holdfast-', 'holdfast', 'holdfast'],
    // Words that a factory cannot be called.
    ['holdfast-plugin-delete', 'delete', 'deletePlugin'],
    ['holdfast-plugin-shape', 'shape', 'shapePlugin'],
    ['holdfast-plugin', 'plugin', 'pluginPlugin'],
  ])('[K-13] %s has the id %s and the factory %s', (name, id, factory) => {
    expect(namesOf(name)).toEqual({ name, id, factory })
  })
})
