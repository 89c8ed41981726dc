import type { ReadOptions } from '@holdfast/core'
import { expect } from 'vitest'
import { bytes, expectKind, pagesOf, readAll } from './calls.ts'
import type { Case } from './cases.ts'
import type { SuiteContext } from './describe-backend.ts'

const DIGITS = '0123456789'
const DAY = 24 * 60 * 60 * 1000
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
    // Of one length: a size is no version.
    const first = await backend.write('key', bytes('first'))
    const second = await backend.write('key', bytes('other'))
    if (!backend.capabilities.readIfVersion) {
      await expectKind(() => backend.read('key', { ifVersion: 'any' }), 'unsupported')
      return
    }
    const stale = { ifVersion: first.version ?? 'none' }
    const current = { ifVersion: second.version ?? 'none' }
    await expectKind(() => backend.read('key', stale), 'conflict')
    expect((await readAll(backend, 'key', current)).toString()).toBe('other')
  })

  law(
    '[B-07] stat and listing tell the version that write gave; undeclared, versions are refused',
    async () => {
      const { backend } = await open()
      const { deleteIfVersion, listVersions, readIfVersion } = backend.capabilities
      const { version } = await backend.write('key', bytes('x'))
      if (deleteIfVersion || listVersions || readIfVersion) {
        expect(version).toBeTypeOf('string')
        expect(await backend.stat('key')).toMatchObject({ version })
      }
      if (!listVersions) await expectKind(() => pagesOf(backend, { fields: ['versions'] }), 'unsupported')
      else
        expect(await pagesOf(backend, { fields: ['versions'] })).toEqual([
          { keys: ['key'], versions: [version] },
        ])
    },
  )

  law(
    '[B-07] changedAt is the time, and one for stat and listing, where it is declared; else 0 or a time',
    async () => {
      const { backend } = await open()
      const written = await backend.write('key', bytes('x'))
      const found = await backend.stat('key')
      const [page] = await pagesOf(backend, { fields: ['changedAt'] })
      for (const changedAt of [written.changedAt, found?.changedAt, page?.changedAt?.[0]]) {
        expect(Number.isSafeInteger(changedAt)).toBe(true)
        expect(changedAt).toBeGreaterThanOrEqual(0)
        // A store's clock may be wrong, but not its unit.
        if (backend.capabilities.changedAt)
          expect(Math.abs(Date.now() - Number(changedAt)), 'ms from now').toBeLessThan(DAY)
      }
      if (backend.capabilities.changedAt) expect(page?.changedAt).toEqual([found?.changedAt])
    },
  )

  law('[B-07] more targets than the limit are refused and none of them is deleted', async () => {
    const { backend } = await open()
    await backend.write('key', bytes('x'))
    const targets = Array.from({ length: backend.limits.deleteBatch + 1 }, () => ({ key: 'key' }))
    await expectKind(() => backend.delete(targets), 'invalid')
    expect(await backend.stat('key')).toBeDefined()
  })
}
