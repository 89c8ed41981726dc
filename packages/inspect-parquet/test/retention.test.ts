import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode } from '@holdfast/core'
import { inspectParquet } from '@holdfast/inspect-parquet'
import { manifest } from '@holdfast/manifest'
import { retention } from '@holdfast/plugin-retention'
import { backendMemory, FakeClock } from '@holdfast/testkit'
import { expect, it, onTestFinished } from 'vitest'
import { parquet, TIMESTAMP } from './support.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 5, 1)

it('[R-11] a file that says nowhere but in its footer that it is old is deleted in the end, and no other', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-'))
  const node = createNode({
    plugins: [
      backendMemory(),
      manifest({ dataDir }),
      inspectParquet(),
      retention({ policies: [{ id: 'raw', match: '**', maxAge: '90d', minAge: 0 }], eraseDelay: 0 }),
    ],
    id: 'n',
    clock: new FakeClock(NOW),
    log: 'silent',
    storeRate: 'off',
  })
  onTestFinished(async () => {
    await node.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  await node.start()
  const old = BigInt(NOW - 100 * DAY)
  const write = (name: string, values: readonly bigint[], statistics = true) =>
    node.files.write(`exports/${name}.parquet`, parquet({ type: TIMESTAMP('MILLIS'), values, statistics }))
  await write('old', [old, old + 1n])
  await write('new', [old, BigInt(NOW)])
  await write('silent', [old], false)
  await node.files.write('exports/fake.parquet', 'not one')
  expect((await node.jobs.run('retention', { act: true })).done.files).toBe(0)
  expect(await node.jobs.run('retention-inspect', { act: true })).toMatchObject({
    done: { files: 2 },
    skipped: { 'no plugin can tell': 2 },
  })
  expect(await node.files.stat('exports/old.parquet')).toMatchObject({
    minTime: Number(old),
    maxTime: Number(old) + 1,
    rows: 2,
  })
  expect((await node.jobs.run('retention', { act: true })).done.files).toBe(1)
  const left: string[] = []
  for await (const { path } of node.files.list()) left.push(path)
  expect(left).toEqual(['exports/fake.parquet', 'exports/new.parquet', 'exports/silent.parquet'])
})
