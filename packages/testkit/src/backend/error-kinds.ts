import { expect } from 'vitest'
import { bytes, expectKind, pagesOf, readAll } from './calls.ts'
import { afterTurns, resultUnlessAborted, TURNS } from './cancelled-call.ts'
import type { Case } from './cases.ts'
import type { SuiteContext } from './describe-backend.ts'

export function errorKinds({ open }: SuiteContext, law: Case): void {
  law('[B-06] reading what is missing is not_found, for good; stat gives undefined', async () => {
    const { backend } = await open()
    await backend.write('a/file', bytes('x'))
    for (const key of ['missing', 'a/missing', 'missing/below', 'a/file/below', 'a']) {
      const error = await expectKind(() => backend.read(key), 'not_found')
      expect(error).toMatchObject({ code: 'HF_BACKEND', retryable: false })
      expect(await backend.stat(key)).toBeUndefined()
    }
  })

  law('[B-06] every call with a signal that has fired rejects with kind aborted', async () => {
    const { backend } = await open()
    await backend.write('key', bytes('x'))
    const signal = AbortSignal.abort(new Error('enough'))
    for (const call of [
      () => backend.write('other', bytes('y'), { signal }),
      () => backend.read('key', { signal }),
      () => backend.stat('key', { signal }),
      () => pagesOf(backend, { signal }),
      () => backend.delete([{ key: 'key' }], { signal }),
    ])
      expect(await expectKind(call, 'aborted')).toMatchObject({ code: 'HF_BACKEND', retryable: false })
  })

  law('[B-06] a read that is cancelled midway rejects with kind aborted', async () => {
    const { backend } = await open()
    const controller = new AbortController()
    await backend.write('key', new Uint8Array(4 * 1024 * 1024))
    await expectKind(async () => {
      for await (const _ of await backend.read('key', { signal: controller.signal })) controller.abort()
    }, 'aborted')
  })

  law(
    '[B-06] a stat that is cancelled on its way tells the truth, or rejects with kind aborted',
    async () => {
      const { backend } = await open()
      await backend.write('folder/key', bytes('seven b'))
      for (const turns of TURNS)
        for (const [key, size] of [
          ['folder/key', 7],
          ['folder/missing', undefined],
        ] as const) {
          const found = await resultUnlessAborted(backend.stat(key, { signal: afterTurns(turns).signal }))
          if (found !== 'aborted') expect(found?.size, `size of ${key}`).toBe(size)
        }
    },
  )

  law('[B-06] a reader may stop early, or never begin, and the object can be read again', async () => {
    const { backend } = await open()
    await backend.write('key', new Uint8Array(1024 * 1024))
    await backend.read('key')
    for await (const _ of await backend.read('key')) break
    expect((await readAll(backend, 'key')).length).toBe(1024 * 1024)
  })

  law('[B-06] stopping twice is no error', async () => {
    const { backend } = await open()
    await backend.stop?.()
    await expect(Promise.resolve(backend.stop?.())).resolves.toBeUndefined()
  })
}
