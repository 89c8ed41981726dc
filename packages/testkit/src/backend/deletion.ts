import { type DeleteOutcome, isHoldfastError } from '@holdfast/core'
import { expect } from 'vitest'
import { bytes, expectKind, inPieces, keysOf, noise, readAll, writeAll } from './calls.ts'
import { afterTurns, resultUnlessAborted, TURNS } from './cancelled-call.ts'
import type { Case } from './cases.ts'
import type { SuiteContext } from './describe-backend.ts'

export function deletion({ open }: SuiteContext, law: Case): void {
  law('[B-05] deleting is idempotent and a missing key is gone', async () => {
    const { backend } = await open()
    await backend.write('folder/key', bytes('x'))
    const target = [{ key: 'folder/key' }]
    const gone = [{ key: 'folder/key', status: 'gone' }]
    expect(await backend.delete(target)).toEqual(gone)
    expect(await backend.delete(target)).toEqual(gone)
    expect(await backend.delete([{ key: 'never/was/there' }])).toEqual([
      { key: 'never/was/there', status: 'gone' },
    ])
    expect(await backend.delete([])).toEqual([])
  })

  law('[B-05] each target has its outcome, in the order of the targets, and nothing else goes', async () => {
    const { backend } = await open()
    await writeAll(backend, ['a/1', 'a/2', 'a/20', 'b/1', 'c'])
    const targets = ['b/1', 'missing', 'a/2', 'a/2', 'c/below'].map((key) => ({ key }))
    expect(await backend.delete(targets)).toEqual(targets.map(({ key }) => ({ key, status: 'gone' })))
    expect(await keysOf(backend)).toEqual(['a/1', 'a/20', 'c'])
  })

  law('[B-05] a call takes as many targets as the limit says', async () => {
    const { backend } = await open()
    const count = backend.limits.deleteBatch
    const keys = Array.from({ length: count }, (_, i) => `f${i % 10}/${String(i).padStart(6, '0')}`)
    const written = keys.filter((_, i) => i % 10 < 3)
    await writeAll(backend, [...written, 'f1/stays'])
    const outcomes = await backend.delete(keys.map((key) => ({ key })))
    expect(outcomes).toEqual(keys.map((key) => ({ key, status: 'gone' })))
    expect(await keysOf(backend)).toEqual(['f1/stays'])
  })

  law(
    '[B-05] a target that cannot be a key fails alone, or the call before anything is deleted',
    async () => {
      const { backend } = await open()
      await writeAll(backend, ['a', 'b'])
      const tooLong = 'k'.repeat(backend.limits.keyBytes + 1)
      const outcomes = await outcomesOf(() => backend.delete(['a', tooLong, 'b'].map((key) => ({ key }))))
      if (outcomes === 'invalid') return expect(await keysOf(backend)).toEqual(['a', 'b'])
      const [first, second, third] = outcomes
      expect([first, third]).toEqual(['a', 'b'].map((key) => ({ key, status: 'gone' })))
      // There is nothing under such a key: that it is gone is true.
      if (second?.status === 'failed')
        expect(second).toMatchObject({ key: tooLong, error: { kind: 'invalid' } })
      else expect(second).toEqual({ key: tooLong, status: 'gone' })
      expect(await keysOf(backend)).toEqual([])
    },
  )

  law(
    '[B-05] ifVersion deletes only that version where it is declared, and is refused where it is not',
    async () => {
      const { backend } = await open()
      // Of one length: a size is no version.
      const first = await backend.write('key', bytes('first'))
      const second = await backend.write('key', bytes('other'))
      await backend.write('other', bytes('x'))
      const stale = [{ key: 'key', ifVersion: first.version ?? 'none' }, { key: 'other' }]
      if (!backend.capabilities.deleteIfVersion) {
        await expectKind(() => backend.delete(stale), 'unsupported')
        expect(await keysOf(backend)).toEqual(['key', 'other'])
        return
      }
      expect(await backend.delete(stale)).toEqual([
        { key: 'key', status: 'changed' },
        { key: 'other', status: 'gone' },
      ])
      expect((await readAll(backend, 'key')).toString()).toBe('other')
      const current = [{ key: 'key', ifVersion: second.version ?? 'none' }]
      expect(await backend.delete(current)).toEqual([{ key: 'key', status: 'gone' }])
      expect(await backend.stat('key')).toBeUndefined()
    },
  )

  law(
    '[B-05] a reader of an object that is deleted gets its bytes or an error, never other bytes',
    async () => {
      const { backend } = await open()
      const content = noise(1024 * 1024)
      await backend.write('key', inPieces(content, 100_000))
      const parts: Uint8Array[] = []
      let failure: unknown
      try {
        for await (const part of await backend.read('key')) {
          parts.push(part)
          if (parts.length === 1) await backend.delete([{ key: 'key' }])
        }
      } catch (error) {
        failure = error
      }
      const seen = Buffer.concat(parts)
      expect(seen.length).toBeGreaterThan(0)
      expect(seen.equals(content.subarray(0, seen.length))).toBe(true)
      if (failure === undefined) expect(seen.length).toBe(content.length)
      expect(await backend.stat('key')).toBeUndefined()
    },
  )

  law('[B-05] a delete that is cancelled before it begins deletes nothing', async () => {
    const { backend } = await open()
    await backend.write('key', bytes('x'))
    await expectKind(() => backend.delete([{ key: 'key' }], { signal: AbortSignal.abort() }), 'aborted')
    expect(await keysOf(backend)).toEqual(['key'])
  })

  law(
    '[B-05] a delete that is cancelled on its way says gone of what is gone only, or rejects with kind aborted',
    async () => {
      const { backend } = await open()
      const count = Math.min(backend.limits.deleteBatch, 100)
      const keys = Array.from({ length: count }, (_, i) => `f${i % 4}/${i}`)
      const targets = keys.map((key) => ({ key }))
      await backend.write('f1/stays', bytes('x'))
      for (const turns of TURNS) {
        await writeAll(backend, keys)
        const { signal } = afterTurns(turns)
        const outcomes = await resultUnlessAborted(backend.delete(targets, { signal }))
        if (outcomes !== 'aborted') {
          expect(outcomes.map(({ key }) => key)).toEqual(keys)
          const left = new Set(await keysOf(backend))
          for (const { key, status } of outcomes)
            if (status !== 'failed') expect([status, left.has(key)], key).toEqual(['gone', false])
        }
        // Whatever it has done, it can be done again.
        expect(await backend.delete(targets)).toEqual(keys.map((key) => ({ key, status: 'gone' })))
        expect(await keysOf(backend)).toEqual(['f1/stays'])
      }
    },
  )

  law('[B-05] deletes of one key that overlap all end in gone', async () => {
    const { backend } = await open()
    await writeAll(backend, ['a/b/1', 'a/b/2'])
    const targets = [{ key: 'a/b/1' }, { key: 'a/b/2' }]
    const all = await Promise.all(Array.from({ length: 8 }, () => backend.delete(targets)))
    for (const outcomes of all) expect(outcomes.map(({ status }) => status)).toEqual(['gone', 'gone'])
    expect(await keysOf(backend)).toEqual([])
  })
}

/** The outcomes of a delete; `invalid` when it was refused as a whole, as core does before the backend is called. */
async function outcomesOf(call: () => Promise<DeleteOutcome[]>): Promise<DeleteOutcome[] | 'invalid'> {
  try {
    return await call()
  } catch (error) {
    if (isHoldfastError(error) && error.kind === 'invalid') return 'invalid'
    throw error
  }
}
