import { definePlugin, type HoldfastNode, type Plugin } from '@holdfast/core'
import { expect, it } from 'vitest'
import type { TestPlace } from '../test-node/place.ts'
import { inventory, leftSince } from './inventory.ts'
import { LAWS } from './laws.ts'
import { placeFor, type Subject } from './subject.ts'

type Life = (node: HoldfastNode) => Promise<void>

export function stopping(subject: Subject): void {
  const wrong = (how: string) => subject.breaks('stop', how)

  /** One life, after one that loaded whatever a process loads only once. */
  async function expectNothingLeft(life: Life, assemble: (place: TestPlace) => HoldfastNode, when: string) {
    {
      using first = placeFor(subject)
      await life(assemble(first.place))
    }
    using at = placeFor(subject)
    const before = inventory()
    await life(assemble(at.place))
    expect(at.place.clock.timers, wrong(`timers of the clock are left ${when}; clear them in onStop`)).toBe(0)
    const left = await leftSince(before)
    expect(left, wrong(`left ${when}: ${left.join(', ')}; close it in onStop`)).toEqual([])
  }

  const alone = (place: TestPlace) => subject.assemble(place).node

  it(`[K-04] ${LAWS.stop}: after a start and a stop`, async () => {
    await expectNothingLeft(
      async (node) => {
        await node.start()
        await node.stop()
      },
      alone,
      'after a stop',
    )
  })

  it(`[K-04] ${LAWS.stop}: after two stops, one during the other`, async () => {
    await expectNothingLeft(
      async (node) => {
        await node.start()
        await Promise.all([node.stop(), node.stop()])
        await node.stop()
      },
      alone,
      'after two stops',
    )
  })

  it(`[K-04] ${LAWS.stop}: after a stop of a node that never started`, async () => {
    await expectNothingLeft((node) => node.stop(), alone, 'though the node never started')
  })

  it(`[K-04] ${LAWS.stop}: after a start that failed in another plugin, behind it and before it`, async () => {
    const failed: Life = async (node) => {
      await expect(node.start(), wrong('it hides the failure of another plugin')).rejects.toThrow(FAILURE)
    }
    await expectNothingLeft(
      failed,
      (place) => subject.assemble(place, subject.factory(), { behind: [failing()] }).node,
      'after a start that failed behind it',
    )
    await expectNothingLeft(
      failed,
      (place) => subject.assemble(place, subject.factory(), { before: [failing()] }).node,
      'after a start that failed before it was its turn: onStop runs without onStart',
    )
  })
}

const FAILURE = 'the suite fails this start'

function failing(): Plugin {
  return definePlugin({
    name: 'the suite',
    id: 'suite-failing',
    version: '1.0.0',
    api: '1.0',
    setup: ({ onStart }) =>
      onStart(() => {
        throw new Error(FAILURE)
      }),
  })
}
