import type { Problem } from '../config/section.ts'
import type { ConsumerName } from '../hooks/consumers.ts'
import type { Registered } from '../jobs/registered.ts'
import type { ServiceName } from './services.ts'

/** What plugins have set up, and no service of the node can serve. */
export function lackingServices({
  has,
  taps,
  scheduled,
}: {
  readonly has: (service: ServiceName) => boolean
  /** Taps that get their events from the manifest. */
  readonly taps: readonly ConsumerName[]
  /** Jobs with a schedule, of a node whose id was not given: their times depend on it, and so does each record of a run. */
  readonly scheduled: readonly Pick<Registered, 'plugin' | 'definition'>[]
}): readonly Problem[] {
  const undelivered = taps.map(({ hook, plugin }) => ({
    plugin,
    problem: `taps ${hook}, but no plugin provides the service batches; add a manifest`,
  }))
  const nameless = scheduled.map(({ plugin, definition: { name } }) => ({
    plugin,
    problem: `has a schedule for its job ${name}, but the node has no id; give createNode an id, or add a manifest`,
  }))
  return [...(has('batches') ? [] : undelivered), ...(has('manifest') ? [] : nameless)]
}
