import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type FailpointName, FailpointRegistry, Rendezvous } from '@holdfast/core'
import { runUntilCrash } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { tempFolder } from './folder.ts'
import { inspect } from './inspect.ts'
import { dataDirOf, nodeIn, witnessOf } from './node.ts'
import { prepare } from './operations.ts'
import { testimony } from './witness.ts'

const REWRITE = new URL('rewrite.ts', import.meta.url)
const OPERATION = new URL('operation.ts', import.meta.url)
const [CUT, NEXT] = ['sales/cut.txt', 'sales/next.txt']

/** A start that stands still at a point, whose lock somebody removes there; then another process starts. */
async function overtaken(folder: string, at: FailpointName) {
  const failpoints = new FailpointRegistry()
  const rendezvous = new Rendezvous()
  failpoints.arm(at, { kind: 'park', rendezvous })
  const node = nodeIn(folder, failpoints)
  const started = node.start().then(
    () => 'started',
    (error: { readonly code?: string }) => error.code,
  )
  await rendezvous.reached
  rmSync(join(dataDirOf(folder), 'lock'))
  expect(await runUntilCrash(REWRITE, { args: [folder, NEXT, 'next'] })).toMatchObject({ finished: true })
  rendezvous.release()
  return { node, result: await started }
}

it('[X-01] a write that was killed before it was listed has never been, after the next start', async () => {
  await using folder = await tempFolder()
  const killed = await runUntilCrash(REWRITE, { args: [folder.path, CUT, 'cut'], at: 'files.write.stored' })
  expect(killed).toMatchObject({ crashedAt: 'files.write.stored' })
  const next = await nodeIn(folder.path, new FailpointRegistry()).start()
  await next.eraser.drain()
  await next.stop()
  expect(await inspect(folder.path)).toMatchObject({ stored: [], problems: [] })
})

describe('two processes that recover what a killed one left', { timeout: 60_000 }, () => {
  it('[X-05] an unfinished write: one ends it, by one record; the other is told that it was overtaken, and changes nothing', async () => {
    await using folder = await tempFolder()
    const killed = await runUntilCrash(REWRITE, { args: [folder.path, CUT, 'cut'], at: 'files.write.stored' })
    expect(killed).toMatchObject({ crashedAt: 'files.write.stored' })
    const { node, result } = await overtaken(folder.path, 'recovery.before')
    expect(result).toBe('HF_DATADIR_TAKEN')
    await node.stop()
    expect(await inspect(folder.path)).toMatchObject({ stored: [NEXT], problems: [] })
    const ops = [...testimony(witnessOf(folder.path)).told.values()].flat()
    expect(ops.filter(([type, key]) => type === 'condemn' && key.startsWith('sales/cut'))).toHaveLength(1)
  })

  it('[X-05] a run that was cut short: it is closed once, and no start fails of it', async () => {
    await using folder = await tempFolder()
    const first = await nodeIn(folder.path, new FailpointRegistry()).start()
    await prepare(first)
    await first.stop()
    const killed = await runUntilCrash(OPERATION, { args: [folder.path, 'expire'], at: 'job.chunk.before' })
    expect(killed).toMatchObject({ crashedAt: 'job.chunk.before' })
    const { node, result } = await overtaken(folder.path, 'journal.open.after')
    expect(result).toBe('started')
    expect(await node.gate.check({ action: 'erase', actor: 'user' })).toMatchObject({ allowed: false })
    await node.stop()
    const closed = Date.now()
    const last = await nodeIn(folder.path, new FailpointRegistry()).start()
    const runs = await last.service('journal').runs('expiry')
    expect(runs.map(({ outcome }) => outcome)).toEqual([
      { status: 'aborted', reason: 'unknown', message: expect.any(String) },
    ])
    expect(runs[0]!.endedAt).toBeLessThanOrEqual(closed)
    expect(await last.service('journal').openRuns()).toEqual([])
    await last.stop()
    expect((await inspect(folder.path)).problems).toEqual([])
  })
})
