import { createNode, definePlugin } from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'

describe('a node that is there for one errand', () => {
  const scheduled = definePlugin({
    name: 'scheduled',
    id: 'scheduled',
    version: '1.0.0',
    api: '1.0',
    setup({ jobs }) {
      jobs.define({
        name: 'scheduled',
        doc: 'Counts its runs.',
        action: 'condemn',
        schedule: '* * * * *',
        run: async (_request, { chunk }) => chunk({ files: 1 }),
      })
    },
  })

  it.each([
    [undefined, 2],
    ['off', 0],
  ] as const)(
    '[G-02] with schedules %s a job has run %i times after two minutes',
    async (schedules, runs) => {
      const clock = new FakeClock(Date.UTC(2026, 0, 1))
      await using node = await createNode({
        plugins: [scheduled],
        id: 'n',
        clock,
        log: 'silent',
        ...(schedules && { schedules }),
      }).start()
      for (let minute = 0; minute < 2; minute++) await clock.advance(60_000)
      expect(await node.jobs.history('scheduled')).toHaveLength(runs)
      await node.jobs.run('scheduled', { act: true })
      expect(await node.jobs.history('scheduled')).toHaveLength(runs + 1)
    },
  )

  it('[A-06] another word for schedules is refused', () => {
    expect(() => createNode({ plugins: [], schedules: false as never })).toThrow(
      /has schedules false; it takes off/,
    )
  })

  it('[A-06] its log lines go where they are told to', async () => {
    const lines: string[] = []
    const hello = definePlugin({
      name: 'hello',
      id: 'hello',
      version: '1.0.0',
      api: '1.0',
      setup: ({ log }) => log.warn({ three: 3 }, 'hello'),
    })
    createNode({ plugins: [hello], logTo: { write: (line) => lines.push(line) }, log: 'warn' })
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ msg: 'hello', three: 3 }),
    ])
  })
})
