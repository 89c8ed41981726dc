import type { Batch, Op } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  condemn,
  condemnUnlisted,
  doom,
  erased,
  FENCE,
  register,
  type TestNode,
  testNode,
  undo,
} from '../support.ts'
import { distinct } from './distinct.ts'
import { eventsOf } from './events-of.ts'
import { recorder } from './recorder.ts'
import { openStore } from './store.ts'

const name = fc.constantFrom('a', 'b', 'c/d', 'c/e')
const op = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(name, fc.constantFrom('', '1'))
      .map(([path, suffix]) => register(path, { key: path + suffix })),
  },
  { weight: 4, arbitrary: name.map((key) => condemn(key, 0)) },
  { weight: 3, arbitrary: name.map(doom) },
  { weight: 1, arbitrary: name.map(undo) },
  { weight: 1, arbitrary: name.map((key) => erased(key)) },
  { weight: 1, arbitrary: name.map((key) => condemnUnlisted(key)) },
)
const batch = fc.record({
  ops: fc.uniqueArray(op, {
    minLength: 1,
    maxLength: 3,
    selector: (one) => (one.type === 'register' ? one.entry.path : one.key.slice(0, 3)),
  }),
  strict: fc.boolean(),
  fence: fc.constantFrom(FENCE, FENCE, FENCE, { role: 'standalone', epoch: 5 }),
})

/** What happens to a node and its taps. Batches of one step are committed together. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.array(batch, { minLength: 1, maxLength: 4 }) },
  { weight: 3, arbitrary: fc.constantFrom('drain', 'a second', 'retry', 'delete three') },
  { weight: 1, arbitrary: fc.constantFrom('restart', 'crash', 'without late', 'break') },
)
const steps = fc.array(step, { minLength: 5, maxLength: 30 })

/** Taps fail as the run says, event by event, until they are mended. */
class Faults {
  #at = 0
  mended = false
  readonly #failures: readonly boolean[]
  constructor(failures: readonly boolean[]) {
    this.#failures = failures
  }
  readonly act = () => {
    if (!this.mended && this.#failures[this.#at++ % this.#failures.length]) throw new Error('broken')
  }
}

describe('the order of delivery', () => {
  it('[K-08] without its repetitions, what a tap gets is the log behind its first start', async () => {
    let fired = 0
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
        fc.nat(29),
        async (script, failures, lateAt) => {
          const faults = new Faults(failures)
          const early = recorder('early', { act: faults.act })
          const late = recorder('late', { act: faults.act })
          const quick = recorder('quick')
          let plugins = [early.plugin, quick.plugin]
          let lateSince: number | undefined
          let test = await testNode({ plugins })
          const restart = async () => {
            test = await test.restart({ plugins })
          }
          for (const [at, what] of script.entries()) {
            if (at === lateAt) {
              plugins = [...plugins, late.plugin]
              await restart()
              lateSince = test.manifest.head().position.index
            }
            if (typeof what !== 'string')
              await Promise.allSettled(what.map((one) => test.manifest.commit(aimed(one, test))))
            else if (what === 'delete three') await deleteThree(test, at)
            else if (what === 'drain') await test.node.hooks.drain()
            else if (what === 'a second') await test.clock.advance(1000)
            else if (what === 'retry') test.node.hooks.retry()
            else if (what === 'break') test.failpoints.arm('manifest.commit.inside', { kind: 'error' })
            else if (what === 'restart') await restart()
            else if (what === 'crash') {
              // What was not saved by now is lost with the process.
              test.failpoints.arm('hook.cursor.before', { kind: 'error' }, { times: 100 })
              await restart()
            } else if (lateSince !== undefined) {
              const all = plugins
              plugins = plugins.slice(0, 2)
              await restart()
              plugins = all
            }
          }
          faults.mended = true
          await restart()
          await finish(test)
          await test.node.stop()
          await using store = await openStore(test.dataDir)
          const all = eventsOf(store, 0)
          fired += all.deleted.length
          for (const { batches, deleted } of [early, quick]) {
            expect(distinct(batches.map(({ id }) => id))).toEqual(all.batches)
            expect(distinct(deleted.map(({ key }) => key))).toEqual(all.deleted)
          }
          const behind = lateSince === undefined ? { batches: [], deleted: [] } : eventsOf(store, lateSince)
          expect(distinct(late.batches.map(({ id }) => id))).toEqual(behind.batches)
          expect(distinct(late.deleted.map(({ key }) => key))).toEqual(behind.deleted)
        },
      ),
      { numRuns: 40 },
    )
    // A property over deletions that never happen shows nothing.
    expect(fired).toBeGreaterThan(20)
  }, 60_000)
})

/** Files under keys of their own, so that this can be done again; their dooms are one record of three batches. */
async function deleteThree(test: TestNode, number: number): Promise<void> {
  const names = ['x', 'y', 'z'].map((file) => `gone/${file}${number}`)
  const commit = (ops: Op[]) =>
    test.manifest.commit(aimed({ ops, fence: FENCE }, test)).catch(() => undefined)
  await commit(names.map((path) => register(path)))
  await commit(names.map((key) => condemn(key, 0)))
  await Promise.all(names.map((key) => commit([doom(key)])))
}

/** The batch with the generations that its condemns need by now. */
function aimed(batch: Batch, { manifest }: TestNode): Batch {
  const ops = batch.ops.map((one) => {
    if (one.type !== 'condemn' || one.unlisted) return one
    const known = manifest.key(one.key)
    const entry = known?.state === 'live' ? manifest.entry(known.path) : undefined
    return { ...one, generation: entry?.generation ?? 0 }
  })
  return { ...batch, ops }
}

async function finish({ node }: TestNode): Promise<void> {
  for (let rounds = 0; node.hooks.status().consumers.some(({ lag }) => lag > 0); rounds++) {
    expect(rounds).toBeLessThan(100)
    node.hooks.retry()
    await node.hooks.drain()
  }
}
