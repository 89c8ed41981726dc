import { isHoldfastError } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { codedErrors } from '../../src/storage/layers/errors.ts'
import { all, failure, pieces, stub } from './stub.ts'

const BYTES = new Uint8Array(1)
const strange = () => {
  throw Object.assign(new Error('socket closed'), { code: 'ECONNRESET' })
}
const fails = async () => strange()

describe('coded errors', () => {
  it('[B-06] a strange failure of any call has a code, the call, the key and its cause', async () => {
    const backend = codedErrors(
      stub({ write: fails, read: fails, stat: fails, delete: fails, list: strange as never }),
    )
    const internal = { code: 'HF_BACKEND', kind: 'internal', retryable: false }
    const cause = { code: 'ECONNRESET' }
    const of = (call: string) => ({ ...internal, operation: `backend.${call}`, context: { key: 'k' }, cause })
    await expect(backend.write('k', BYTES)).rejects.toMatchObject(of('write'))
    await expect(backend.read('k')).rejects.toMatchObject(of('read'))
    await expect(backend.stat('k')).rejects.toMatchObject(of('stat'))
    await expect(backend.delete([{ key: 'k' }])).rejects.toMatchObject({ ...internal, cause })
    await expect(all(backend.list())).rejects.toMatchObject({ ...internal, cause })
  })

  it('[B-06] a stream that fails on its way is coded too', async () => {
    const backend = codedErrors(
      stub({
        read: async () => pieces<Uint8Array>(BYTES, new Error('cut')),
        list: () => pieces({ keys: ['a'] }, new Error('cut')),
      }),
    )
    const cut = { code: 'HF_BACKEND', cause: { message: 'cut' } }
    await expect(all(await backend.read('k'))).rejects.toMatchObject(cut)
    await expect(all(backend.list())).rejects.toMatchObject(cut)
  })

  it('[B-06] an answer of another shape is a failure of the store, and no stumble of its callers', async () => {
    const none = async () => undefined as never
    const backend = codedErrors(
      stub({
        write: none,
        delete: none,
        stat: async () => ({}) as never,
        list: () => pieces(undefined as never),
      }),
    )
    const internal = { code: 'HF_BACKEND', kind: 'internal' }
    await expect(backend.write('k', BYTES)).rejects.toMatchObject(internal)
    await expect(backend.delete([{ key: 'k' }])).rejects.toMatchObject(internal)
    await expect(backend.stat('k')).rejects.toMatchObject(internal)
    await expect(all(backend.list())).rejects.toMatchObject(internal)
    const vague = codedErrors(stub({ delete: async () => [{ key: 'k', status: 'failed' } as never] }))
    expect(await vague.delete([{ key: 'k' }])).toMatchObject([
      { key: 'k', status: 'failed', error: internal },
    ])
  })

  it('[B-06] after the caller has cancelled, a strange failure is kind aborted', async () => {
    const controller = new AbortController()
    controller.abort()
    const { signal } = controller
    const backend = codedErrors(stub({ stat: fails }))
    await expect(backend.stat('k', { signal })).rejects.toMatchObject({ code: 'HF_BACKEND', kind: 'aborted' })
  })

  it('[B-06] a coded error passes as it is', async () => {
    const known = failure('throttled', { retryAfter: 5 })
    const backend = codedErrors(stub({ stat: async () => Promise.reject(known) }))
    await expect(backend.stat('k')).rejects.toBe(known)
  })

  it("[B-06] what the caller's own source threw goes back as it is, and nothing else does", async () => {
    const mine = new Error('mine')
    const backend = codedErrors(
      stub({
        async write(_key, source) {
          await all(source as AsyncIterable<Uint8Array>)
          throw new Error('the store failed by itself')
        },
      }),
    )
    await expect(backend.write('k', pieces<Uint8Array>(BYTES, mine))).rejects.toBe(mine)
    const error = await backend.write('k', pieces(BYTES)).catch((thrown: unknown) => thrown)
    expect(isHoldfastError(error)).toBe(true)
  })
})
