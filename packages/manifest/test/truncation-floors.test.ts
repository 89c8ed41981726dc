import type { FloorProvider } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { Truncation } from '../src/log/truncation.ts'
import { openedOf } from './opened.ts'
import { register, testNode } from './support.ts'

describe('truncation, asked for by hand', () => {
  it('[M-09] a floor that cannot be told stops everything; when it can, it goes on', async () => {
    const test = await testNode()
    for (let at = 0; at < 10; at++) await test.commit(register(`f${at}`))
    let floor: FloorProvider['floor'] = () => ({ kind: 'unknown', reason: 'the store is away' })
    const truncation = new Truncation({
      opened: () => openedOf(test.node),
      clock: test.clock,
      keep: 0,
      ceiling: 0,
      floors: [{ name: 'snapshots', floor: (options) => floor(options) }],
    })
    const floorAfter = async () => {
      await truncation.run()
      return openedOf(test.node).records.floor().index
    }
    expect(await floorAfter()).toBe(0)
    floor = () => ({ kind: 'at', position: { term: 1, index: 4 } })
    expect(await floorAfter()).toBe(4)
    floor = () => Promise.reject(new Error('no answer'))
    expect(await floorAfter()).toBe(4)
    floor = () => ({ kind: 'none' })
    expect(await floorAfter()).toBe(10)
  })
})
