import type { Log, Position } from '@holdfast/core'
import type { MemoryCluster } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../src/format/bytes.ts'
import { recordBatch, writeRecordHead } from '../../src/format/record.ts'
import { path, read, register } from '../support.ts'
import { failure, manifestOf, nodesOf, opened, testCluster } from './support.ts'

const CONDEMN = { action: 'condemn', actor: 'user' } as const

/** Appends a record that follows from the last one, with bytes that a node of another version would write. */
async function appendForeign(cluster: MemoryCluster, spoil: (record: Buffer) => Buffer): Promise<void> {
  const [one] = nodesOf(cluster)
  await cluster.settle()
  const { head } = opened(one).state
  const expectedHead: Position = { term: head.term, index: head.index }
  const writer = new ByteWriter()
  writeRecordHead(writer, { previous: head.record, time: head.time, origin: 'stranger' }, 1)
  const batch = { ops: [register('later')] }
  writer.raw(recordBatch(new ByteWriter(), batch, '01M7Z9PE118A48JA68EKZJHK5F').bytes)
  const log: Log = cluster.log.connect('stranger')
  await log.append(spoil(writer.copy()), { expectedHead })
}

describe('a record of another version', () => {
  it.each([
    ['of a newer format', (record: Buffer) => Buffer.concat([Buffer.from([99]), record.subarray(1)])],
    [
      'with an op that it does not know',
      (record: Buffer) => {
        const at = record.indexOf(Buffer.from('01M7Z9PE118A48JA68EKZJHK5F')) + 26 + 2
        const changed = Buffer.from(record)
        changed[at] = 200
        return changed
      },
    ],
  ])(
    '[M-17] %s stops apply: reads go on, commits and the gate are closed, and the text says what to do',
    async (_, spoil) => {
      const cluster = await testCluster()
      const [one, two] = nodesOf(cluster)
      await cluster.appoint('primary', one)
      await one.node.files.write('a', 'bytes')
      await cluster.settle()
      await appendForeign(cluster, spoil)
      for (const node of [one, two])
        await expect.poll(() => failure(manifestOf(node).barrier())).toMatchObject({ code: 'HF_LOG_VERSION' })
      expect(await read(one.node.files, 'a')).toBe('bytes')
      expect(manifestOf(two).entry(path('a'))).toBeDefined()
      expect(manifestOf(two).entry(path('later'))).toBeUndefined()
      expect(await failure(manifestOf(one).commit({ ops: [register('b')] }))).toMatchObject({
        code: 'HF_LOG_VERSION',
      })
      expect(await one.node.gate.check(CONDEMN)).toMatchObject({
        allowed: false,
        reason: 'manifest_behind',
        message: expect.stringContaining('start a later version'),
      })
      // The next start finds the same.
      await one.stop()
      await one.start()
      await expect.poll(() => failure(manifestOf(one).barrier())).toMatchObject({ code: 'HF_LOG_VERSION' })
    },
  )
})
