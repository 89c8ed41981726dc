import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { bytes, inPieces, keysOf, noise, readAll, reopened } from './calls.ts'
import type { Case } from './cases.ts'
import type { SuiteContext } from './describe-backend.ts'

const ODD_KEYS = [
  'with space/and two  more.bin',
  'plus+and%20percent%2Fsigns',
  `quotes'"\`$&;|<>*?[]{}!#`,
  'emoji/😀/👩‍👩‍👧.bin',
  'é/composed and é/decomposed',
  '.hidden/.name',
  `${'n'.repeat(255)}/${'é'.repeat(127)}x`,
  'a=b,c@d(e)~f^g',
]

export function roundTrip({ open, largeBytes }: SuiteContext, law: Case): void {
  law('[B-01] the factory gives isolated instances', async () => {
    const [one, other] = [await open(), await open()]
    await one.backend.write('same/key', bytes('one'))
    expect(await other.backend.stat('same/key')).toBeUndefined()
    expect(await keysOf(other.backend)).toEqual([])
    await other.backend.write('same/key', bytes('other'))
    expect((await readAll(one.backend, 'same/key')).toString()).toBe('one')
  })

  law('[B-01] an empty object goes in, shows in stat and listing, comes out and goes away', async () => {
    const { backend } = await open()
    await expectRoundTrip('empty/object', new Uint8Array(0))
    await expectRoundTrip('small', bytes('a few bytes'))

    async function expectRoundTrip(key: string, content: Uint8Array) {
      const written = await backend.write(key, content, { size: content.length })
      expect(written.size).toBe(content.length)
      expect(written.checksum).toBe(`sha256:${createHash('sha256').update(content).digest('hex')}`)
      expect(await backend.stat(key)).toMatchObject({ size: content.length })
      expect(await readAll(backend, key)).toEqual(Buffer.from(content))
      expect(await keysOf(backend)).toEqual([key])
      expect(await backend.delete([{ key }])).toEqual([{ key, status: 'gone' }])
      expect(await backend.stat(key)).toBeUndefined()
      expect(await keysOf(backend)).toEqual([])
    }
  })

  law('[B-01] a large object is streamed in and out byte for byte', async () => {
    const { backend } = await open()
    const content = noise(largeBytes)
    // An odd size of pieces, so that theirs and ours never fall together.
    const written = await backend.write('large.bin', inPieces(content, 100_003))
    expect(written).toMatchObject({
      size: largeBytes,
      checksum: `sha256:${createHash('sha256').update(content).digest('hex')}`,
    })
    expect((await readAll(backend, 'large.bin')).equals(content)).toBe(true)
  })

  law('[B-01] odd keys are kept as they are', async () => {
    const { backend } = await open()
    const { keyBytes, segmentBytes = keyBytes } = backend.limits
    const keys = ODD_KEYS.filter((key) => fits(key, keyBytes, segmentBytes))
    expect(keys.length).toBeGreaterThan(ODD_KEYS.length / 2)
    for (const key of keys) await backend.write(key, bytes(`content of ${key}`))
    for (const key of keys) expect((await readAll(backend, key)).toString()).toBe(`content of ${key}`)
    expect(new Set(await keysOf(backend))).toEqual(new Set(keys))
    await backend.delete(keys.map((key) => ({ key })))
    expect(await keysOf(backend)).toEqual([])
  })

  law('[B-01] changedAt is whole milliseconds and a second write replaces the object', async () => {
    const { backend } = await open()
    const first = await backend.write('key', bytes('first and longer'))
    const second = await backend.write('key', bytes('second'))
    const found = await backend.stat('key')
    expect((await readAll(backend, 'key')).toString()).toBe('second')
    expect(found?.size).toBe(6)
    for (const { changedAt } of [first, second, { changedAt: found?.changedAt }])
      expect(Number.isSafeInteger(changedAt)).toBe(true)
    if (backend.capabilities.changedAt) expect(second.changedAt).toBeGreaterThanOrEqual(first.changedAt)
  })

  law('[B-01] what was written is there when the store is opened again, if it can be', async () => {
    const subject = await open()
    await subject.backend.write('kept/key', bytes('kept'))
    const again = await reopened(subject)
    expect((await readAll(again, 'kept/key')).toString()).toBe('kept')
  })
}

function fits(key: string, keyBytes: number, segmentBytes: number): boolean {
  const longest = Math.max(...key.split('/').map((segment) => Buffer.byteLength(segment)))
  return Buffer.byteLength(key) <= keyBytes && longest <= segmentBytes
}
