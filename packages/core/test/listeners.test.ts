import { type AuditEvent, type Logger, totalsOf } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { items, jobPlugin, settle, startNode } from './support.ts'

/** A log that keeps what it is told. */
function keptLog(): { log: Logger; lines: { facts: object; message: string | undefined }[] } {
  const lines: { facts: object; message: string | undefined }[] = []
  const line = (facts: object, message?: string) => void lines.push({ facts, message })
  const log: Logger = { debug: line, info: line, warn: line, error: line, child: () => log }
  return { log, lines }
}

const WRONG: [what: string, listener: () => never][] = [
  [
    'throws',
    () => {
      throw new Error('deaf')
    },
  ],
  ['rejects', (() => Promise.reject(new Error('deaf'))) as unknown as () => never],
]
const sweeper = () => jobPlugin(async (chunk) => ({ done: totalsOf(chunk), skipped: {} }), items(3))

describe('a listener', () => {
  it.each(WRONG)('[A-02] of progress that %s changes nothing, and is logged', async (_what, onProgress) => {
    const { log, lines } = keptLog()
    await using node = await startNode([sweeper()], { log })
    const run = await node.jobs.run('sweep', { act: true }, { onProgress })
    await settle()
    expect(run.outcome).toEqual({ status: 'completed' })
    expect(lines).toContainEqual(
      expect.objectContaining({ facts: expect.objectContaining({ run: run.id, cause: 'deaf' }) }),
    )
  })

  it.each(WRONG)(
    '[A-03] of the audit that %s keeps no other from hearing, and is logged',
    async (_what, listener) => {
      const { log, lines } = keptLog()
      await using node = await startNode([sweeper()], { log })
      const heard: string[] = []
      using _wrong = node.audit.on(listener)
      using _right = node.audit.on(({ audit }) => void heard.push(audit))
      await node.jobs.run('sweep', { act: true })
      await settle()
      expect(heard).toEqual(['run_started', 'chunk_committed', 'run_completed'])
      expect(lines.filter(({ facts }) => 'cause' in facts)).toHaveLength(3)
    },
  )

  it('[A-03] of the audit changes neither the record nor what others hear', async () => {
    await using node = await startNode([sweeper()])
    const change = (event: AuditEvent) => {
      for (const part of [event, ...Object.values(event)])
        if (typeof part === 'object') for (const name of Object.keys(part)) Reflect.set(part, name, 'changed')
    }
    const heard: AuditEvent[] = []
    using _wrong = node.audit.on(change)
    using _right = node.audit.on((event) => void heard.push(event))
    const run = await node.jobs.run('sweep', { act: true })
    expect(run).toMatchObject({ planned: { files: 3 }, done: { files: 3 } })
    expect(heard.at(-1)).toMatchObject({ audit: 'run_completed', done: { files: 3 } })
  })

  it('[A-02] of progress changes nothing of what the node tells', async () => {
    await using node = await startNode([sweeper()])
    const told: unknown[] = []
    const onProgress = (progress: object) => {
      Reflect.set(progress, 'phase', 'changed')
      told.push(node.jobs.running()[0]?.phase)
    }
    await node.jobs.run('sweep', { act: true }, { onProgress })
    expect(new Set(told)).toEqual(new Set(['planning', 'acting']))
  })
})
