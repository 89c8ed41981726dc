import { join } from 'node:path'
import { type DiskRecording, type DiskStep, recordDisk } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { nodeOn } from '../disk/node.ts'
import { read } from '../support.ts'
import { mustRecord, scratchFolder } from './power.ts'

const LIMIT_MS = 120_000
const PROGRAM = new URL('program.ts', import.meta.url)
const DATA = 'data/manifest/data.mdb'

async function record(): Promise<DiskRecording> {
  using folder = scratchFolder()
  // The folder of the node does not exist yet: its own name has to become durable too.
  const path = join(folder.path, 'node')
  // Awaited here: the folder goes when this function ends.
  return await recordDisk(PROGRAM, { folder: folder.path, args: [path], timeLimit: LIMIT_MS })
}

/** Everything that was said up to a step. */
function saidBy(steps: readonly DiskStep[], at: number): string[] {
  const text = steps.slice(0, at + 1).map((step) => step.text ?? '')
  return text.join('').split('\n').slice(0, -1)
}

/** Opens the node on what a power loss left, and gives what it has lost of all that was said. */
async function lost(folder: string, said: readonly string[]): Promise<string[]> {
  const node = await nodeOn(folder, { reserve: 0, checkTime: 0 }).start()
  try {
    const manifest = node.service('manifest')
    const problems = [...manifest.check()]
    const deleting = new Set(said.flatMap((line) => (line.startsWith('deleting ') ? [line.slice(9)] : [])))
    for (const line of said) {
      const [what = '', name = ''] = line.split(' ')
      const listed = manifest.entry(name as never) !== undefined
      if ((what === 'written' || what === 'seen') && !listed && !deleting.has(name))
        problems.push(`${line}, and is not listed`)
      if (what === 'gone' && listed) problems.push(`${line}, and is listed`)
      if (what === 'batch' && Number(name) > manifest.head().position.index)
        problems.push(`${line}, and is not there`)
      if (what === 'deleted' && !['doomed', 'gone'].includes(manifest.key(name as never)?.state ?? ''))
        problems.push(`${line}, and is ${manifest.key(name as never)?.state}`)
    }
    for (const { path, size } of manifest.entries({ limit: 1000 }).items)
      if ((await read(node.files, path).catch(String)).length !== size)
        problems.push(`${path} has lost its bytes`)
    // Without an entry it is what is left of a write that was cut short.
    for (const { key, entry } of manifest.condemned({ limit: 1000 }).items)
      if (entry && !(await node.service('backend').stat(key)))
        problems.push(`${key} is condemned and has no bytes`)
    return problems
  } finally {
    await node.stop()
  }
}

describe('when the power goes off', { timeout: LIMIT_MS }, () => {
  it('[M-15] at any moment, all that was acknowledged, read, or delivered to a hook is there, and every listed file has its bytes', async (context) => {
    mustRecord(context)
    const recording = await record()
    const { steps } = recording
    const moments = [...steps.keys()].filter((at) => {
      const { kind, path } = steps[at] as DiskStep
      // Everything of the first start, in which a folder comes to be; later every ninth, and what can be noticed.
      if (at < 100 || at % 9 === 0) return true
      return kind === 'say' || (kind === 'unname' && path.includes('/files/sales'))
    })
    expect(saidBy(steps, steps.length - 1).filter((line) => line.startsWith('written'))).toHaveLength(16)
    expect(saidBy(steps, steps.length - 1).filter((line) => line.startsWith('deleted'))).toHaveLength(4)
    expect(moments.length).toBeGreaterThan(100)
    for (const at of moments) {
      using left = scratchFolder()
      recording.cut(at, left.path)
      expect([at, await lost(join(left.path, 'node'), saidBy(steps, at))]).toEqual([at, []])
    }
  })

  it('[M-15] a file is synced, named, its folders synced, its entry synced, and only then acknowledged', async (context) => {
    mustRecord(context)
    const { steps } = await record()
    const file = 'sales/2026/01/01/00'
    const from = (kind: DiskStep['kind'], match: (step: DiskStep) => boolean, start = 0) =>
      steps.findIndex((step, at) => at >= start && step.kind === kind && match(step))
    const named = from('name', ({ path }) => path.startsWith(`node/files/${file}/part~`))
    // The program writes several files at once: temporary files that were written and synced before the first name.
    const temps = steps.slice(0, named).filter(({ path }) => path.startsWith('node/files/.holdfast/tmp/'))
    const synced = temps.findLastIndex(({ kind }) => kind === 'sync')
    expect(synced).toBeGreaterThan(-1)
    const folders = [file, 'sales/2026/01/01', 'sales/2026/01', 'sales/2026', 'sales', '']
    const syncs = folders.map((folder) =>
      from('sync', ({ path }) => path === `node/files${folder === '' ? '' : `/${folder}`}`, named),
    )
    const [above] = [Math.max(...syncs)]
    const said = from('say', ({ text = '' }) => text.includes(`written ${file}/part`))
    const seen = from('say', ({ text = '' }) => text.includes(`seen ${file}/part`))
    expect(named).toBeGreaterThan(0)
    expect(Math.min(...syncs)).toBeGreaterThan(named)
    // The pages, then the page that makes them count.
    const pages = from('write', ({ path }) => path === `node/${DATA}`, above)
    const flushed = from('sync', ({ path }) => path === `node/${DATA}`, pages)
    const committed = from('sync', ({ path }) => path === `node/${DATA}`, flushed + 1)
    const order = [named, above, pages, flushed, committed]
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    for (const told of [said, seen]) expect(told).toBeGreaterThan(committed)
  })
})
