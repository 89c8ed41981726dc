import type { BackendCapabilities } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { declaredOnly } from '../../src/storage/layers/declared.ts'
import { checkedKeys } from '../../src/storage/layers/keys.ts'
import { all, answers, pieces, stub, WRITTEN } from './stub.ts'

const BYTES = new Uint8Array(1)

describe('checked keys', () => {
  const bad = [
    '',
    '/a',
    'a/',
    'a//b',
    'a/../b',
    'a\u0000b',
    'a\ud800',
    'x'.repeat(17),
    'a/'.repeat(40),
    '.holdfast',
    '.holdfast/',
    '.holdfast/../a',
    undefined,
    7,
  ]

  it.each(bad)('[B-06] %j reaches no call', async (given) => {
    const key = given as string
    const backend = checkedKeys(stub())
    const invalid = { code: 'HF_KEY_INVALID' }
    await expect(backend.write(key, BYTES)).rejects.toMatchObject(invalid)
    await expect(backend.read(key)).rejects.toMatchObject(invalid)
    await expect(backend.stat(key)).rejects.toMatchObject(invalid)
    await expect(backend.delete([{ key: 'good' }, { key }])).rejects.toMatchObject(invalid)
  })

  it('[B-06] what is well formed passes, and so do the records of the store', async () => {
    for (const key of ['a', 'a/b', 'é/😀', '.holdfast/store']) {
      const [write, read, stat] = [answers(WRITTEN), answers(pieces(BYTES)), answers(WRITTEN)]
      const backend = checkedKeys(stub({ write, read, stat }))
      await backend.write(key, BYTES, { size: 1 })
      await backend.read(key, { range: { start: 0 } })
      await backend.stat(key)
      expect(write.calls).toEqual([[key, BYTES, { size: 1 }]])
      expect(read.calls).toEqual([[key, { range: { start: 0 } }]])
      expect(stat.calls).toEqual([[key, undefined]])
    }
  })

  it('[B-06] a delete of more than the store takes at once is refused, and says how many it takes', async () => {
    const targets = ['a', 'b', 'c', 'd'].map((key) => ({ key }))
    await expect(checkedKeys(stub()).delete(targets)).rejects.toMatchObject({
      code: 'HF_BACKEND',
      kind: 'invalid',
      context: { deleteBatch: 3 },
    })
  })
})

describe('what is declared', () => {
  const uses: readonly (readonly [
    keyof BackendCapabilities,
    (backend: ReturnType<typeof stub>) => unknown,
  ])[] = [
    ['writeIfAbsent', (backend) => backend.write('a', BYTES, { ifAbsent: true })],
    ['readRange', (backend) => backend.read('a', { range: { start: 0 } })],
    ['readIfVersion', (backend) => backend.read('a', { ifVersion: 'v' })],
    ['deleteIfVersion', (backend) => backend.delete([{ key: 'a' }, { key: 'b', ifVersion: 'v' }])],
    ['listVersions', (backend) => all(backend.list({ fields: ['sizes', 'versions'] }))],
  ]

  it.each(uses)(
    '[B-07] %s is refused where it is not declared, and passes where it is',
    async (capability, use) => {
      const without = stub()
      const capabilities = { ...without.capabilities, [capability]: false }
      await expect(use(declaredOnly({ ...without, capabilities }))).rejects.toMatchObject({
        code: 'HF_UNSUPPORTED',
        context: { capability },
      })
      const able = declaredOnly(
        stub({
          write: answers(WRITTEN),
          read: answers(pieces(BYTES)),
          list: () => pieces({ keys: ['a'] }),
          delete: answers([]),
        }),
      )
      await expect(use(able)).resolves.toBeDefined()
    },
  )

  it('[B-07] a store that says at its start what it can do is believed from then on', async () => {
    const store = stub({ stat: answers(WRITTEN) })
    const layer = declaredOnly(store)
    Object.assign(store, { capabilities: { ...store.capabilities, readRange: false } })
    expect(layer.capabilities.readRange).toBe(false)
    await expect(layer.read('a', { range: { start: 1 } })).rejects.toMatchObject({ code: 'HF_UNSUPPORTED' })
  })
})
