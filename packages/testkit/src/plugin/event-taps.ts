import {
  type InspectedFile,
  LOG_START,
  type ManifestReset,
  messageOf,
  parsePath,
  type SnapshotIntent,
} from '@holdfast/core'
import { expect, it } from 'vitest'
import { serviceIn } from '../test-node/service-in.ts'
import { LAWS } from './laws.ts'
import { drain } from './settle.ts'
import type { Opened, Subject } from './subject.ts'
import { within } from './within.ts'

/** Taps that are told something. The kernel survives what they do wrong, and would hide it. */
export function eventTaps(subject: Subject, hooks: readonly string[]): void {
  const wrong = (how: string) => subject.breaks('events', how)
  const { tapLimit = 1000 } = subject.options
  const tapped = (hook: string) => hooks.includes(hook)

  /** Calls the taps of a hook as the kernel would. */
  async function call({ seen }: Opened, hook: string, event: object, what: string) {
    for (const { fn } of seen.taps.filter((tap) => tap.hook === hook)) {
      const { settled, value, error } = await within(tapLimit, () =>
        fn(event, { signal: new AbortController().signal }),
      )
      expect(settled, wrong(`its tap of ${hook} has not taken ${what} in ${tapLimit} ms`)).toBe(true)
      expect(error, wrong(`its tap of ${hook} throws at ${what}: ${messageOf(error)}`)).toBeUndefined()
      expect(value, wrong(`its tap of ${hook} gives something back for ${what}`)).toBeUndefined()
    }
  }

  const durable = ['onManifestBatch', 'onFileDeleted'].filter(tapped)
  if (durable.length > 0)
    it(`[K-16] ${LAWS.events}: ${durable.join(', ')}`, async () => {
      await using opened = await subject.open()
      const { test, node } = opened
      const path = 'suite/tapped'
      const files = serviceIn(node, 'files')
      await files?.write(path, 'x', { minTime: 0, maxTime: 0 })
      await files?.delete(path, { delay: 0 })
      await drain(test)
      const { settled } = await within(tapLimit, () => node.hooks.drain())
      const { id } = subject.factory()
      for (const { hook, calls, failures, lastError } of node.hooks.status().taps) {
        if (!durable.includes(hook) || !opened.seen.taps.some((tap) => tap.hook === hook)) continue
        const failed = wrong(`its tap of ${hook} fails: ${lastError?.message}`)
        expect({ plugin: id, failures }, failed).toEqual({ plugin: id, failures: 0 })
        expect(calls, wrong(`its tap of ${hook} is never called, so that nothing is shown`)).toBeGreaterThan(
          0,
        )
      }
      expect(settled, wrong(`its taps have not taken what happened in ${tapLimit} ms`)).toBe(true)
    })

  if (tapped('onManifestBatch'))
    it(`[K-16] ${LAWS.events}: onManifestBatch, a reset`, async () => {
      await using opened = await subject.open()
      const position = serviceIn(opened.node, 'batches')?.head() ?? LOG_START
      const event: ManifestReset = { type: 'reset', position, reason: 'installed' }
      await call(opened, 'onManifestBatch', event, 'a reset')
    })

  if (tapped('beforeSnapshotWrite'))
    it(`[K-16] ${LAWS.events}: beforeSnapshotWrite`, async () => {
      await using opened = await subject.open()
      const position = serviceIn(opened.node, 'batches')?.head() ?? LOG_START
      for (const source of ['local', 'received'] as const) {
        const event: SnapshotIntent = { position, source, estimatedBytes: 1024 }
        await call(opened, 'beforeSnapshotWrite', event, `a ${source} snapshot`)
      }
    })

  if (tapped('inspectFile'))
    it(`[K-16] ${LAWS.inspecting}`, async () => {
      await using opened = await subject.open()
      const wrong = (how: string) => subject.breaks('inspecting', how)
      for (const file of rubbish())
        for (const { fn } of opened.seen.taps.filter(({ hook }) => hook === 'inspectFile')) {
          const what = `${file.path} of ${file.size} bytes`
          const { settled, value, error } = await within(tapLimit, () =>
            fn(file, { signal: new AbortController().signal }),
          )
          expect(settled, wrong(`it has not answered for ${what} in ${tapLimit} ms`)).toBe(true)
          expect(error, wrong(`it throws at ${what}: ${messageOf(error)}`)).toBeUndefined()
          const fields = value === undefined ? [] : Object.keys(Object(value))
          const extra = fields.filter((field) => !['minTime', 'maxTime', 'rows'].includes(field))
          const isAnswer = value === undefined || (typeof value === 'object' && value !== null)
          expect({ isAnswer, extra }, wrong(`its answer for ${what} is none`)).toEqual({
            isAnswer: true,
            extra: [],
          })
        }
    })
}

/** Files as a node may have them, whatever their names say. */
function* rubbish(): Generator<InspectedFile> {
  for (const name of ['file', 'file.csv', 'file.parquet', 'FILE.PARQUET', 'file.json'])
    for (const bytes of [Buffer.alloc(0), Buffer.from('x'), Buffer.alloc(64), Buffer.alloc(70_000, 0xff)])
      yield {
        path: parsePath(`suite/${name}`),
        namespace: 'suite',
        size: bytes.length,
        async read({ start, end }) {
          if (start >= 0 && start <= end && end <= bytes.length) return bytes.subarray(start, end)
          throw new TypeError(`a range from ${start} to ${end} is not within the ${bytes.length} bytes`)
        },
      }
}
