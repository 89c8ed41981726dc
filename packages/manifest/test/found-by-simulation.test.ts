import { FailpointRegistry } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { createSeal } from '../src/format/seal.ts'
import { Records } from '../src/journal/records.ts'
import { OWNER } from '../src/journal/rows.ts'
import { Rows } from '../src/state/rows.ts'
import { openMemory } from '../src/store/memory.ts'
import { bentBackend, doom, testNode } from './support.ts'

describe('what simulated lifetimes have found', () => {
  it('[M-13] an undo whose file is doomed while its bytes are looked for says so, not that bytes are missing', async () => {
    let whileLooking = async () => undefined as unknown
    const test = await testNode({
      backend: bentBackend(() => ({
        stat: async () => {
          await whileLooking()
          return undefined
        },
      })),
    })
    const { key } = await test.files.write('a/x', 'x')
    await test.files.delete('a/x', { delay: 0 })
    whileLooking = () => test.commit(doom(key))
    await expect(test.files.undo('a/x')).rejects.toMatchObject({ code: 'HF_DOOMED' })
  })

  it('[M-15] a journal that cannot be written says so by a code, and what is full by its own', async () => {
    const memory = openMemory()
    let broken: string | undefined
    const store = {
      ...memory,
      transaction: <T>(fn: Parameters<typeof memory.transaction<T>>[0]) =>
        memory.transaction((writer) => {
          const value = fn(writer)
          if (broken !== undefined) throw Object.assign(new Error('the disk says no'), { code: broken })
          return value
        }),
    }
    const rows = new Rows(store, await createSeal())
    rows.transaction(() => rows.put(OWNER, (payload) => void payload.text('me')))
    const isFull = (error: unknown) => (error as { code?: unknown }).code === 'ENOSPC'
    const records = new Records(rows, 'me', { isFull }, new FailpointRegistry())
    const spool = () => records.spool('plan', 0, [])
    broken = 'ENOSPC'
    await expect(spool()).rejects.toMatchObject({ code: 'HF_NO_SPACE' })
    broken = 'EIO'
    await expect(spool()).rejects.toMatchObject({ code: 'HF_COMMIT_FAILED' })
    broken = undefined
    await expect(spool()).resolves.toBeUndefined()
  })
})
