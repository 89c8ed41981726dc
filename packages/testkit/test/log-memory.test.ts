import { LOG_START, type Log, type Position } from '@holdfast/core'
import { describeLog, FakeClock, type MemoryLog, memoryLog } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'

describeLog('memory', async () => {
  const log = memoryLog({ maxRecordBytes: 100_000 })
  return {
    log: log.connect(),
    connect: async () => log.connect('other'),
    changeLeader: async () => log.changeLeader(),
    dispose: async () => undefined,
  }
})

async function append(log: Log, text: string): Promise<Position> {
  return log.append(Buffer.from(text), { expectedHead: await log.head() })
}

async function texts(log: Log, after = LOG_START): Promise<string[]> {
  const found: string[] = []
  for await (const page of log.read(after))
    found.push(...page.map(({ bytes }) => Buffer.from(bytes).toString()))
  return found
}

/** The next page of a follower that has seen all there is. */
function waiting(log: Log, after: Position): Promise<unknown> {
  return log.follow(after)[Symbol.asyncIterator]().next()
}

async function withRecords(count: number): Promise<{ log: MemoryLog; client: Log; head: Position }> {
  const log = memoryLog()
  const client = log.connect('one')
  for (let at = 1; at <= count; at++) await append(client, `record ${at}`)
  return { log, client, head: log.head }
}

describe('the faults of memoryLog', () => {
  it('[M-16] an append that fails is not there, and the same one works afterwards', async () => {
    const { log, client, head } = await withRecords(1)
    log.failAppends()
    const call = () => client.append(Buffer.from('x'), { expectedHead: head })
    await expect(call()).rejects.toMatchObject({ code: 'HF_LOG_UNAVAILABLE', retryable: true })
    expect(await texts(client)).toEqual(['record 1'])
    expect(await call()).toEqual({ term: 1, index: 2 })
  })

  it('[M-16] an append whose answer is lost is unknown, and reading behind the expected head tells', async () => {
    const { log, client, head } = await withRecords(1)
    log.loseAnswers()
    await expect(client.append(Buffer.from('x'), { expectedHead: head })).rejects.toMatchObject({
      code: 'HF_COMMIT_UNKNOWN',
    })
    expect(await texts(client, head)).toEqual(['x'])
    await expect(client.append(Buffer.from('x'), { expectedHead: head })).rejects.toMatchObject({
      code: 'HF_LOG_CONFLICT',
    })
  })

  it('[M-16] a client that is cut off can do nothing, the others go on; its follower ends', async () => {
    const { log, client, head } = await withRecords(1)
    const other = log.connect('two')
    const following = waiting(client, head)
    {
      using _cut = log.partition('one')
      await expect(following).rejects.toMatchObject({ code: 'HF_LOG_UNAVAILABLE' })
      await expect(append(client, 'x')).rejects.toMatchObject({ code: 'HF_LOG_UNAVAILABLE' })
      await append(other, 'record 2')
    }
    expect(await texts(client)).toEqual(['record 1', 'record 2'])
  })

  it('[M-16] a slow client is overtaken, and its append is a conflict', async () => {
    const { log, client, head } = await withRecords(1)
    const clock = new FakeClock()
    using _slow = log.delay('one', 500, clock)
    const slow = client.append(Buffer.from('slow'), { expectedHead: head })
    const refused = expect(slow).rejects.toMatchObject({
      code: 'HF_LOG_CONFLICT',
      context: { expected: head },
    })
    await append(log.connect('two'), 'fast')
    await clock.advance(500)
    await refused
  })

  it('[M-20] going back in time is noticed by whoever was further', async () => {
    const { log, client, head } = await withRecords(3)
    const following = waiting(client, head)
    log.dropNewest(2)
    await expect(following).rejects.toMatchObject({ code: 'HF_LOG_DIVERGED' })
    expect(await texts(client)).toEqual(['record 1'])
    await expect(texts(client, head)).rejects.toMatchObject({ code: 'HF_LOG_DIVERGED' })
  })

  it('[M-20] a re-created log is empty and has another id; a follower notices, also at the same position', async () => {
    const { log, client } = await withRecords(2)
    const { id } = client
    const following = waiting(client, log.head)
    log.recreate()
    await append(log.connect('two'), 'a')
    await append(log.connect('two'), 'b')
    await expect(following).rejects.toMatchObject({ code: 'HF_LOG_DIVERGED' })
    expect(client.id).not.toBe(id)
    expect(await texts(client)).toEqual(['a', 'b'])
  })

  it('[M-08] truncated by somebody else, it signals to whoever was behind', async () => {
    const { log, client, head } = await withRecords(3)
    log.truncate(head)
    await expect(texts(client)).rejects.toMatchObject({ code: 'HF_LOG_GAP', context: { floor: head } })
    expect(await texts(client, head)).toEqual([])
  })
})
