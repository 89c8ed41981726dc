import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { commandOf, link, project } from './packages.ts'

const COMMAND = ['--conditions=holdfast-source', commandOf('holdfast')]

/** The command in a user's folder, without a terminal. */
function holdfast(root: string, ...args: string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [...COMMAND, ...args], { cwd: root }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
    child.stdin?.end('bytes')
  })
}

async function json(root: string, ...args: string[]) {
  const { code, stdout, stderr } = await holdfast(root, ...args, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

/** `holdfast start`, until the test has ended. */
async function start(root: string): Promise<void> {
  const child = spawn(process.execPath, [...COMMAND, 'start'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await ended
  })
  await Promise.race([once(child.stdout, 'data'), ended.then(() => expect.unreachable('it has not started'))])
}

/** A user's folder with a node, and a plugin whose tap fails until there is a file `mended`. */
function folder() {
  const root = project({
    'holdfast.config.js': `
      import { existsSync } from 'node:fs'
      import { definePlugin } from '@holdfast/core'
      const stumbles = definePlugin({
        name: 'stumbles', id: 'stumbles', version: '1.0.0', api: '1.0',
        setup({ hooks }) {
          hooks.onManifestBatch.tap(async () => { if (!existsSync('mended')) throw new Error('not yet') })
        },
      })
      export default {
        plugins: ['backend-local', 'manifest', stumbles],
        config: { 'backend-local': { root: './files' }, manifest: { dataDir: './data' } },
        node: { log: 'silent' },
      }`,
    'package.json': { type: 'module' },
  })
  for (const ours of ['@holdfast/backend-local', '@holdfast/core', '@holdfast/manifest']) link(root, ours)
  return root
}

describe('the cures', () => {
  it('[B-11] acknowledge says why nothing is destroyed, and ends it only with --act', async () => {
    const root = folder()
    const data = join(root, 'data')
    await json(root, 'files', 'put', '-', 'a')
    cpSync(data, join(root, 'copy'), { recursive: true })
    await json(root, 'files', 'put', '-', 'b')
    rmSync(data, { recursive: true })
    cpSync(join(root, 'copy'), data, { recursive: true })

    const { behind, acknowledged } = await json(root, 'acknowledge')
    expect(acknowledged).toBe(false)
    expect(behind).toContain('holdfast acknowledge --act')
    expect((await json(root, 'status')).manifest.behind).toBe(behind)
    expect(await json(root, 'acknowledge', '--act', '--as', 'ada')).toEqual({ behind, acknowledged: true })
    expect(await json(root, 'acknowledge', '--act')).toEqual({ behind: null, acknowledged: false })
    expect((await json(root, 'status')).manifest).not.toHaveProperty('behind')
  })

  it('[B-11] acknowledge says what is wrong with the records of the store, too', async () => {
    const root = folder()
    await json(root, 'files', 'put', '-', 'a')
    const record = (name: string) => join(root, 'files', '.holdfast', name)
    writeFileSync(record('owner.json'), 'damaged')
    const { behind } = await json(root, 'acknowledge')
    expect(behind).toContain('owner record is damaged')
    expect(await json(root, 'acknowledge', '--act')).toEqual({ behind, acknowledged: true })
    rmSync(record('store.json'))
    expect(await holdfast(root, 'acknowledge', '--act')).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^HF_STORE_MISMATCH/m),
    })
  })

  it('[K-08] retry lets a tap go on once its fault was mended', { timeout: 90_000 }, async () => {
    const root = folder()
    await start(root)
    await json(root, 'files', 'put', '-', 'a')
    const behind = async () => (await json(root, 'status')).behind
    await vi.waitFor(
      async () =>
        expect(await behind()).toMatchObject([
          { plugin: 'stumbles', lastError: expect.stringContaining('not yet') },
        ]),
      { timeout: 20_000 },
    )
    // Not while it is being tried anyway.
    await vi.waitFor(async () => expect(await json(root, 'retry')).toEqual({ erases: 0, taps: 1 }), {
      timeout: 20_000,
    })
    writeFileSync(join(root, 'mended'), '')
    await json(root, 'retry')
    await vi.waitFor(async () => expect(await behind()).toEqual([]), { timeout: 20_000 })
  })

  it('[G-06] trust-clock is for the node that runs', async () => {
    const root = folder()
    expect(await holdfast(root, 'trust-clock')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^no node runs/),
    })
    const { code, stdout, stderr } = await holdfast(root, 'trust-clock', '--act', '--json')
    expect({ code, stdout, said: JSON.parse(stderr) }).toEqual({
      code: 1,
      stdout: '',
      said: { error: { message: expect.stringMatching(/^no node runs/) } },
    })
    await start(root)
    expect(await json(root, 'trust-clock')).toEqual({ trusted: false })
    expect(await json(root, 'trust-clock', '--act')).toEqual({ trusted: true })
  })
})
