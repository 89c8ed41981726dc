import { setTimeout } from 'node:timers/promises'
import { isHoldfastError } from '@holdfast/core'
import { expect } from 'vitest'
import { bytes, expectKind, expectNothingAt, inPieces, readAll } from './calls.ts'
import type { Case } from './cases.ts'
import type { SuiteContext } from './describe-backend.ts'

const WAIT_MS = 500

export function exclusiveWrites({ open, writers }: SuiteContext, law: Case): void {
  law('[B-03] of many concurrent writers with ifAbsent exactly one wins, and its bytes stay', async () => {
    const { backend } = await open()
    if (!backend.capabilities.writeIfAbsent) {
      await expectKind(() => backend.write('key', bytes('x'), { ifAbsent: true }), 'unsupported')
      await expectNothingAt(backend, 'key')
      return
    }
    for (const key of ['top', 'new/folder/key', 'new/folder/other']) {
      const results = await Promise.allSettled(
        Array.from({ length: writers }, (_, i) => {
          const content = bytes(`writer ${i}`)
          return backend.write(key, i % 2 ? inPieces(content, 3) : content, { ifAbsent: true })
        }),
      )
      const winners = results.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []))
      expect(winners).toHaveLength(1)
      for (const result of results) {
        if (result.status === 'fulfilled') continue
        if (!isHoldfastError(result.reason)) throw result.reason
        expect(result.reason).toMatchObject({ kind: 'exists', retryable: false })
      }
      expect((await readAll(backend, key)).toString()).toBe(`writer ${winners[0]}`)
    }
  })

  law('[B-03] a key that is taken while a source with ifAbsent still gives has one winner too', async () => {
    const { backend } = await open()
    const ifAbsent = backend.capabilities.writeIfAbsent
    if (!ifAbsent) {
      await expectKind(
        () => backend.write('key', inPieces(bytes('slow'), 2), { ifAbsent: true }),
        'unsupported',
      )
      await expectNothingAt(backend, 'key')
      return
    }
    let fast: Promise<PromiseSettledResult<unknown>[]> | undefined
    async function* slow() {
      yield bytes('sl')
      fast = Promise.allSettled([backend.write('key', bytes('fast'), { ifAbsent })])
      // A store may let the second wait for the first.
      await Promise.race([fast, setTimeout(WAIT_MS)])
      yield bytes('ow')
    }
    const results = [
      ...(await Promise.allSettled([backend.write('key', slow(), { ifAbsent })])),
      ...((await fast) ?? []),
    ]
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ kind: 'exists' })
    const winner = results[0]?.status === 'fulfilled' ? 'slow' : 'fast'
    expect((await readAll(backend, 'key')).toString()).toBe(winner)
  })

  law(
    '[B-03] ifAbsent on a key that is there refuses and keeps its bytes; without it the bytes are replaced',
    async () => {
      const { backend } = await open()
      await backend.write('key', bytes('first'))
      await expectKind(
        () => backend.write('key', bytes('second'), { ifAbsent: true }),
        backend.capabilities.writeIfAbsent ? 'exists' : 'unsupported',
      )
      expect((await readAll(backend, 'key')).toString()).toBe('first')
      await backend.write('key', bytes('third'))
      expect((await readAll(backend, 'key')).toString()).toBe('third')
    },
  )

  law('[B-03] a key can be taken again with ifAbsent after its object was deleted', async () => {
    const { backend } = await open()
    const options = backend.capabilities.writeIfAbsent ? { ifAbsent: true } : {}
    await backend.write('folder/key', bytes('first'), options)
    await backend.delete([{ key: 'folder/key' }])
    await backend.write('folder/key', bytes('second'), options)
    expect((await readAll(backend, 'folder/key')).toString()).toBe('second')
  })
}
