import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as ours from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** A second copy of this package, as npm makes one when two plugins want different versions. */
let theirs: typeof ours
const folder = mkdtempSync(join(tmpdir(), 'holdfast-copy-'))

beforeAll(async () => {
  const core = join(import.meta.dirname, '..')
  cpSync(join(core, 'src'), join(folder, 'src'), { recursive: true })
  cpSync(join(core, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(core, 'node_modules'), join(folder, 'node_modules'))
  theirs = (await import(pathToFileURL(join(folder, 'src', 'index.ts')).href)) as typeof ours
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('two copies of core in one tree', () => {
  it('[K-03] a plugin made with the one runs on a node of the other, with its settings, taps and jobs', async () => {
    expect(theirs.HoldfastError).not.toBe(ours.HoldfastError)
    const seen: number[] = []
    const plugin = theirs.definePlugin({
      name: 'test-theirs',
      id: 'theirs',
      version: '1.0.0',
      api: '1.0',
      config: { pace: theirs.duration({ doc: 'How fast.', default: '1s' }) },
      options: { pace: '3s' },
      setup({ hooks, jobs, config }) {
        seen.push(config.pace)
        hooks.gate.tap(async ({ action }) => (action === 'erase' ? { deny: 'never' } : undefined))
        jobs.define({
          name: 'theirs',
          doc: 'Fails with a coded error of the other copy.',
          action: 'condemn',
          run: async () => {
            throw new theirs.HoldfastError('HF_FENCED', 'the role has passed on')
          },
        })
      },
    })
    const node = await ours.createNode({ plugins: [plugin], id: 'n', log: 'silent' }).start()
    expect(seen).toEqual([3000])
    expect(await node.gate.check({ action: 'erase', actor: 'user' })).toMatchObject({ by: 'theirs' })
    expect((await node.jobs.run('theirs', { act: true })).outcome).toMatchObject({
      reason: 'authority_lost',
      code: 'HF_FENCED',
    })
    await node.stop()
  })

  it('[K-03] each knows the errors and the plugins of the other', () => {
    const error = new theirs.HoldfastError('HF_DOOMED', 'gone')
    expect(error).not.toBeInstanceOf(ours.HoldfastError)
    expect(ours.hasCode(error, 'HF_DOOMED')).toBe(true)
    const spec = { name: 'x', id: 'x', version: '1.0.0', api: '1.0', setup: () => undefined } as const
    expect(theirs.isPlugin(ours.definePlugin(spec))).toBe(true)
    expect(ours.isPlugin(theirs.definePlugin(spec))).toBe(true)
  })

  it('[K-03] failpoints of the one fire in a node of the other', async () => {
    const failpoints = new theirs.FailpointRegistry()
    failpoints.arm('job.chunk.before', { kind: 'error' })
    const item = { path: 'a', key: 'a', generation: 1, namespace: '.', size: 1, reason: 'x' }
    const planner = ours.definePlugin({
      name: 'p',
      id: 'p',
      version: '1.0.0',
      api: '1.0',
      setup: ({ jobs }) =>
        jobs.define({
          name: 'p',
          doc: 'Plans one file.',
          action: 'condemn',
          async *plan() {
            yield [item as ours.PlanItem]
          },
          act: async () => ({ done: { files: 1, bytes: 1, rows: 0 }, skipped: {} }),
        }),
    })
    const node = await ours.createNode({ plugins: [planner], id: 'n', log: 'silent', failpoints }).start()
    expect((await node.jobs.run('p', { act: true })).outcome).toMatchObject({ code: 'HF_FAILPOINT' })
    await node.stop()
  })
})
