import type { HoldfastNode } from '@holdfast/core'
import type { ActOf } from './act.ts'
import { ALL, AS_OF, FIRST_PATH } from './expected.ts'
import { listed } from './ingest.ts'

const HOLD = 'rehearsal'
const HELD_FOLDER = 'flights/us/2001/01/01'
const TRIED = 10

/**
 * What an operator does before the first real run: asks what would become of a file, tries another policy on paper, looks
 * at the plan, holds what must stay, lets ten files go, and brings them back. In the end nothing has changed.
 */
export async function rehearse(node: HoldfastNode): Promise<ActOf<'rehearsed'> | undefined> {
  await takeBack(node)
  // In a later start, when the old half is gone, there is nothing to rehearse.
  if (listed(node).hours !== ALL.hours) return undefined
  const retention = node.service('retention')
  const { holds } = node.service('manifest')

  const explanation = await retention.explain(FIRST_PATH)
  const { current, simulated } = await retention.simulate({ maxAge: '30d', asOf: AS_OF })
  const plan = await node.jobs.plan('retention', { asOf: AS_OF })
  await holds.hold({ id: HOLD, scope: { folder: HELD_FOLDER }, owner: 'the example' })
  const { kept } = await node.jobs.plan('retention', { asOf: AS_OF })
  const { id, done, skipped } = await node.jobs.run('retention', { plan: plan.id, cap: TRIED, act: true })
  const undone = await retention.undo({ run: id })
  await holds.release(HOLD)

  const [policy] = explanation.policies
  return {
    act: 'rehearsed',
    explained: {
      path: FIRST_PATH,
      policy: policy?.id ?? '',
      because: policy?.because ?? '',
    },
    current: current.files,
    simulated: simulated.files,
    planned: plan.totals.files,
    held: { folder: HELD_FOLDER, inPlan: kept.held ?? 0, inRun: skipped.held ?? 0 },
    tried: done.files,
    undone: { files: undone.files, policies: undone.policies },
  }
}

/** A rehearsal that was cut off leaves a hold, and files that can still be undone. */
async function takeBack(node: HoldfastNode): Promise<void> {
  const { holds } = node.service('manifest')
  for (const { id } of holds.list()) await holds.release(id)
  for await (const { key, notBefore } of node.files.condemned())
    if (notBefore > Date.now()) await node.files.undo({ key })
}
