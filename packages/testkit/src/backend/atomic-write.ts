import { expect } from 'vitest'
import {
  bytes,
  expectKind,
  expectNothingAt,
  failureOf,
  inPieces,
  keysOf,
  noise,
  readAll,
  reopened,
} from './calls.ts'
import type { Case } from './cases.ts'
import type { BackendUnderTest, SuiteContext } from './describe-backend.ts'

const PIECE = 64 * 1024

export function atomicWrites({ open }: SuiteContext, law: Case): void {
  law(
    '[B-02] a source that fails midway leaves nothing visible, nor litter if the store can have any',
    async () => {
      const subject = await open()
      const failure = new Error('the source broke')
      async function* failing() {
        yield noise(PIECE)
        throw failure
      }
      const error = await failureOf(() => subject.backend.write('a/b/key', failing()))
      expect(chainOf(error)).toContain(failure)
      await expectNoTrace(subject, 'a/b/key')
    },
  )

  law('[B-02] a source of the wrong size is refused and leaves nothing visible', async () => {
    const subject = await open()
    const { backend } = subject
    await expectKind(() => backend.write('short', bytes('four'), { size: 5 }), 'invalid')
    await expectNoTrace(subject, 'short')
    await expectKind(() => backend.write('long', inPieces(noise(10), 4), { size: 9 }), 'invalid')
    await expectNoTrace(subject, 'long')
  })

  law(
    '[B-02] a write that is cancelled before it begins leaves nothing and does not touch the source',
    async () => {
      const subject = await open()
      let pulled = false
      async function* untouched() {
        pulled = true
        yield bytes('x')
      }
      await expectKind(
        () => subject.backend.write('key', untouched(), { signal: AbortSignal.abort() }),
        'aborted',
      )
      expect(pulled).toBe(false)
      await expectNoTrace(subject, 'key')
    },
  )

  law(
    '[B-02] a write that is cancelled while its source hangs ends, and leaves nothing visible',
    async () => {
      const subject = await open()
      const controller = new AbortController()
      async function* hanging() {
        yield noise(PIECE)
        controller.abort()
        await new Promise(() => {})
      }
      await expectKind(
        () => subject.backend.write('key', hanging(), { signal: controller.signal }),
        'aborted',
      )
      await expectNoTrace(subject, 'key')
    },
  )

  law('[B-02] nobody sees a part of an object that is being written', async () => {
    const { backend } = await open()
    const content = noise(8 * PIECE)
    let looks = 0
    async function* watched() {
      for await (const piece of inPieces(content, PIECE)) {
        yield piece
        await expectNothingAt(backend, 'folder/key')
        looks++
      }
    }
    await backend.write('folder/key', watched())
    expect(looks).toBe(8)
    expect((await readAll(backend, 'folder/key')).equals(content)).toBe(true)
  })

  law('[B-02] a replacing write shows the old bytes until it shows the new ones', async () => {
    const { backend } = await open()
    const [old, young] = [noise(2 * PIECE, 1), noise(3 * PIECE, 2)]
    await backend.write('key', old)
    async function* watched() {
      for await (const piece of inPieces(young, PIECE)) {
        yield piece
        expect((await readAll(backend, 'key')).equals(old)).toBe(true)
        expect(await backend.stat('key')).toMatchObject({ size: old.length })
      }
    }
    await backend.write('key', watched())
    expect((await readAll(backend, 'key')).equals(young)).toBe(true)
  })

  law('[B-02] a replacing write that fails keeps the old bytes', async () => {
    const { backend } = await open()
    await backend.write('key', bytes('old'))
    async function* failing() {
      yield bytes('new')
      throw new Error('the source broke')
    }
    async function* cancelling(controller: AbortController) {
      yield bytes('new')
      controller.abort()
      yield bytes('er')
    }
    const controller = new AbortController()
    const { signal } = controller
    await expectKind(() => backend.write('key', bytes('new'), { size: 7 }), 'invalid')
    expect((await readAll(backend, 'key')).toString()).toBe('old')
    await failureOf(() => backend.write('key', failing()))
    expect((await readAll(backend, 'key')).toString()).toBe('old')
    await expectKind(() => backend.write('key', cancelling(controller), { signal }), 'aborted')
    expect((await readAll(backend, 'key')).toString()).toBe('old')
  })

  law('[B-02] readers beside many replacing writers get one whole object each time', async () => {
    const { backend } = await open()
    const versions = Array.from({ length: 12 }, (_, i) => noise(PIECE + i, i + 1))
    await backend.write('key', versions[0] ?? noise(PIECE))
    const writers = Promise.all(versions.map((content) => backend.write('key', inPieces(content, 10_000))))
    let writing = true
    const watched = writers.finally(() => {
      writing = false
    })
    let reads = 0
    do {
      const seen = await readAll(backend, 'key')
      expect(versions.some((version) => version.equals(seen))).toBe(true)
      reads++
    } while (writing)
    await watched
    expect(reads).toBeGreaterThan(0)
  })
}

/** Expects that a failed write left nothing, neither now nor after the next start where the store has one. */
async function expectNoTrace(subject: BackendUnderTest, key: string): Promise<void> {
  await expectNothingAt(subject.backend, key)
  expect(await keysOf(subject.backend)).toEqual([])
  await expectNothingAt(await reopened(subject), key)
  if (subject.litter !== 'none') expect(await subject.litter()).toEqual([])
}

function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = []
  for (
    let at = error;
    at !== undefined && !chain.includes(at);
    at = at instanceof Error ? at.cause : undefined
  )
    chain.push(at)
  return chain
}
