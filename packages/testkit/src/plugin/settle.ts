import { messageOf } from '@holdfast/core'
import type { TestNode } from '../test-node/create-test-node.ts'
import { serviceIn } from '../test-node/service-in.ts'

type Settling = Pick<TestNode, 'node' | 'clock' | 'digest'>

/** The eraser waits a second after the first failure and doubles that: this many steps are half an hour. */
const LONGEST_DRAIN = 12
const MOST_ROUNDS = 6

/** Erases what is due, waiting on the test's clock for what is to be tried again. Nothing without an eraser. */
export async function drain({ node, clock }: Pick<Settling, 'node' | 'clock'>): Promise<void> {
  const eraser = serviceIn(node, 'eraser')
  for (let step = 0; eraser && step < LONGEST_DRAIN; step++) {
    try {
      const { waiting } = await eraser.drain()
      if (waiting === 0) return
    } catch {
      // A fault of the backend, or a gate that could not ask it: the eraser tries again.
    }
    await clock.advance(1000 * 2 ** step)
  }
}

export type Settled = { readonly settled: true } | { readonly settled: false; readonly why: string }

/** Runs a job until a run changes nothing more, as the following ticks of a schedule would. */
export async function runUntilSettled(test: Settling, job: string, request: object): Promise<Settled> {
  let why = ''
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    const before = await test.digest()
    const ended = await endOf(test, job, request)
    await drain(test)
    const changed = (await test.digest()).state !== before.state
    if (ended === '' && !changed) return { settled: true }
    why = `run ${round} ${ended || 'changed something again'}`
  }
  return { settled: false, why }
}

/** Empty for a run that found nothing to do; a run that was refused is tried again like one that failed. */
async function endOf({ node }: Settling, job: string, request: object): Promise<string> {
  try {
    const { outcome, done } = await node.jobs.run(job, { ...request, act: true })
    if (outcome.status === 'aborted') return `ended with ${outcome.reason}: ${outcome.message}`
    return done.files > 0 ? `did ${done.files} files` : ''
  } catch (error) {
    return `was refused: ${messageOf(error)}`
  }
}
