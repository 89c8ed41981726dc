import { isHoldfastError, type Log, type Position } from '@holdfast/core'
import { describeLog, memoryLog } from '@holdfast/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openStandaloneLog } from '../src/log/standalone-log.ts'
import { tempFolder } from './support.ts'

let logs = 0

async function openEmbedded() {
  const folder = tempFolder()
  let log = await openStandaloneLog(folder, { id: `log-${logs++}` })
  return {
    log: log as Log,
    async reopen(): Promise<Log> {
      await log.close()
      log = await openStandaloneLog(folder, { id: 'another' })
      return log
    },
    dispose: () => log.close(),
  }
}

describeLog('embedded', openEmbedded)

const index = fc.integer({ min: -2, max: 2 })
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ call: fc.constant('append'), by: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ call: fc.constantFrom('append', 'truncate', 'read'), by: index }) },
  { weight: 1, arbitrary: fc.record({ call: fc.constantFrom('truncate', 'read'), by: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ call: fc.constant('reopen'), by: fc.constant(0) }) },
)

/** What a call gives: its result, or its code. */
async function answer(log: Log, call: string, by: number, text: string): Promise<unknown> {
  const head = await log.head()
  const position: Position = { term: head.term, index: call === 'append' ? head.index + by : by }
  if (position.index === 0) Object.assign(position, { term: 0 })
  try {
    if (call === 'append') return await log.append(Buffer.from(text), { expectedHead: position })
    if (call === 'truncate') return await log.truncate(position)
    const records: string[] = []
    for await (const page of log.read(position, { maxRecords: 3 }))
      for (const { position, bytes } of page) records.push(`${position.index} ${Buffer.from(bytes)}`)
    return records
  } catch (error) {
    return isHoldfastError(error) ? [error.code, error.context.floor] : error
  }
}

describe('the embedded log', () => {
  it('[M-08] answers as the log in memory does, whatever is asked of the two', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const model = memoryLog().connect()
        const real = await openEmbedded()
        let { log } = real
        for (const [at, { call, by }] of steps.entries()) {
          if (call === 'reopen') log = await real.reopen()
          else expect(await answer(log, call, by, `${at}`)).toEqual(await answer(model, call, by, `${at}`))
          expect([await log.head(), await log.floor()]).toEqual([await model.head(), await model.floor()])
        }
        await real.dispose()
      }),
      { numRuns: 40 },
    )
  })
})
