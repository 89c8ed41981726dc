import { type FloorProvider, lowestFloor, type TruncationFloor } from '@holdfast/core'
import { describe, expect, it } from 'vitest'

const at = (index: number): TruncationFloor => ({ kind: 'at', position: { term: 1, index } })
const none: TruncationFloor = { kind: 'none' }
const provider = (name: string, floor: TruncationFloor): FloorProvider => ({ name, floor: () => floor })

describe('the floor of all who need the log', () => {
  it('[M-09] is the lowest of those that there are', async () => {
    expect(await lowestFloor([])).toEqual(none)
    expect(await lowestFloor([provider('a', none)])).toEqual(none)
    const providers = [provider('a', at(7)), provider('b', none), provider('c', at(3)), provider('d', at(5))]
    expect(await lowestFloor(providers)).toEqual(at(3))
  })

  it('[M-09] is unknown as soon as one is, with its name; a provider that fails is one of those', async () => {
    const unknown = provider('snapshots', { kind: 'unknown', reason: 'the folder is not mounted' })
    const reason = 'snapshots: the folder is not mounted'
    for (const providers of [[unknown], [provider('a', at(3)), unknown], [unknown, provider('a', none)]])
      expect(await lowestFloor(providers)).toEqual({ kind: 'unknown', reason })
    const failing: FloorProvider = { name: 'members', floor: () => Promise.reject(new Error('no answer')) }
    expect(await lowestFloor([provider('a', none), failing])).toEqual({
      kind: 'unknown',
      reason: 'members: no answer',
    })
  })
})
