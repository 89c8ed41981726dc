import type { ReadOptions } from '@holdfast/core'
import { expect } from 'vitest'
import { bytes, expectKind, pagesOf, readAll } from './calls.ts'
import type { Case } from './cases.ts'
import type { SuiteContext } from './describe-backend.ts'

const DIGITS = '0123456789'
const RANGES: readonly (readonly [NonNullable<ReadOptions['range']>, string])[] = [
  [{ start: 0 }, DIGITS],
  [{ start: 3 }, '3456789'],
  [{ start: 3, end: 4 }, '3'],
  [{ start: 0, end: 10 }, DIGITS],
  [{ start: 8, end: 100 }, '89'],
  [{ start: 5, end: 5 }, ''],
  [{ start: 10 }, ''],
  [{ start: 12, end: 20 }, ''],
]

/** Capabilities without a group of their own: what is declared works, what is not is refused. */
export function undeclared({ open }: SuiteContext, law: Case): void {
  law(
    '[B-07] ranges end before their end and are cut at the end of the object; undeclared, they are refused',
    async () => {
      const { backend } = await open()
      await backend.write('key', bytes(DIGITS))
      for (const [range, expected] of RANGES) {
        if (backend.capabilities.readRange)
          expect((await readAll(backend, 'key', { range })).toString()).toBe(expected)
        else await expectKind(() => backend.read('key', { range }), 'unsupported')
      }
      if (!backend.capabilities.readRange) return
      for (const range of [{ start: -1 }, { start: 4, end: 3 }, { start: 0.5 }, { start: Number.NaN }])
        await expectKind(() => readAll(backend, 'key', { range }), 'invalid')
    },
  )

  law('[B-07] reading with ifVersion refuses another version; undeclared, it is refused', async () => {
    const { backend } = await open()
    const first = await backend.write('key', bytes('first'))
    const second = await backend.write('key', bytes('second'))
    if (!backend.capabilities.readIfVersion) {
      await expectKind(() => backend.read('key', { ifVersion: 'any' }), 'unsupported')
      return
    }
    const stale = { ifVersion: first.version ?? 'none' }
    const current = { ifVersion: second.version ?? 'none' }
    await expectKind(() => backend.read('key', stale), 'conflict')
    expect((await readAll(backend, 'key', current)).toString()).toBe('second')
  })

  law('[B-07] versions are listed as write gave them; undeclared, they are refused', async () => {
    const { backend } = await open()
    const { version } = await backend.write('key', bytes('x'))
    if (!backend.capabilities.listVersions)
      await expectKind(() => pagesOf(backend, { fields: ['versions'] }), 'unsupported')
    else {
      expect(version).toBeTypeOf('string')
      expect(await pagesOf(backend, { fields: ['versions'] })).toEqual([
        { keys: ['key'], versions: [version] },
      ])
    }
  })

  law('[B-07] changedAt is a time where it is declared, and 0 or a time where it is not', async () => {
    const { backend } = await open()
    const { changedAt } = await backend.write('key', bytes('x'))
    if (backend.capabilities.changedAt) expect(changedAt).toBeGreaterThan(0)
    else expect(changedAt).toBeGreaterThanOrEqual(0)
    expect(Number.isSafeInteger(changedAt)).toBe(true)
  })

  law('[B-07] more targets than the limit are refused and none of them is deleted', async () => {
    const { backend } = await open()
    await backend.write('key', bytes('x'))
    const targets = Array.from({ length: backend.limits.deleteBatch + 1 }, () => ({ key: 'key' }))
    await expectKind(() => backend.delete(targets), 'invalid')
    expect(await backend.stat('key')).toBeDefined()
  })
}
