import {
  type Backend,
  type CallOptions,
  type Clock,
  definePlugin,
  type Plugin,
  type PluginSpec,
  type Stored,
  sleep,
  systemClock,
} from '@holdfast/core'
import {
  cancelled,
  type Fault,
  type FaultPlan,
  type FaultyCall,
  faultError,
  type StaleListing,
} from './fault-plan.ts'
import { inPages, listSnapshot, type Snapshot, snapshotOf } from './listing.ts'

/**
 * A backend that goes wrong when the plan says so. A plan can be armed at any time:
 *
 * ```ts
 * const faults = new FaultPlan()
 * const backend = faultyBackend(memoryBackend(), faults)
 * using _once = faults.arm({ call: 'delete', kind: 'throttled' })
 * using _lost = faults.arm({ call: 'write', lost: 'unavailable' })
 * ```
 *
 * `clock`: what delays wait on. Default: the system's.
 */
export function faultyBackend(backend: Backend, plan: FaultPlan, clock: Clock = systemClock): Backend {
  const snapshots = new Map<StaleListing, Promise<Snapshot>>()
  plan.onStale((fault) => void snapshots.set(fault, snapshotOf(backend)))
  /** Throws what the call is to fail with before it begins; gives what it is to meet later. */
  const meet = async (call: FaultyCall, options: CallOptions | undefined): Promise<Fault | undefined> => {
    const fault = plan.next(call)
    if (fault && 'kind' in fault && !fault.partial) throw faultError(call, fault.kind, fault)
    if (fault && 'delay' in fault)
      await sleep(clock, fault.delay, options?.signal).catch(() => {
        throw cancelled(call, options?.signal)
      })
    return fault
  }
  const moved = <T extends Stored | undefined>(stored: T, fault: Fault | undefined): T =>
    stored && fault && 'clockOffset' in fault
      ? { ...stored, changedAt: stored.changedAt + fault.clockOffset }
      : stored
  return {
    topology: backend.topology,
    capabilities: backend.capabilities,
    limits: backend.limits,
    ...(backend.start && { start: (options) => backend.start?.(options) }),
    ...(backend.stop && { stop: () => backend.stop?.() }),
    ...(backend.checkGate && {
      checkGate: (request, options) => backend.checkGate?.(request, options),
    }),
    async write(key, source, options) {
      const fault = await meet('write', options)
      const written = await backend.write(key, source, options)
      if (fault && 'lost' in fault) throw faultError('write', fault.lost)
      return moved(written, fault)
    },
    async read(key, options) {
      await meet('read', options)
      return backend.read(key, options)
    },
    async stat(key, options) {
      const fault = await meet('stat', options)
      return moved(await backend.stat(key, options), fault)
    },
    async *list(options) {
      const fault = await meet('list', options)
      if (fault && 'stale' in fault)
        yield* listSnapshot((await snapshots.get(fault)) as Snapshot, options, backend.limits.listPage)
      else if (fault && 'pageKeys' in fault) yield* inPages(backend.list(options), fault.pageKeys)
      else if (fault && 'clockOffset' in fault)
        for await (const page of backend.list(options)) {
          const { changedAt } = page
          yield changedAt ? { ...page, changedAt: changedAt.map((at) => at + fault.clockOffset) } : page
        }
      else yield* backend.list(options)
    },
    async delete(targets, options) {
      const fault = await meet('delete', options)
      if (!fault || !('kind' in fault) || !fault.partial) {
        const outcomes = await backend.delete(targets, options)
        if (fault && 'lost' in fault) throw faultError('delete', fault.lost)
        return outcomes
      }
      const { partial, kind } = fault
      const kept = targets.filter((_, index) => !partial(index))
      const outcomes = kept.length === 0 ? [] : await backend.delete(kept, options)
      let next = 0
      return targets.map(({ key }, index) => {
        const outcome = partial(index) ? undefined : outcomes[next++]
        return outcome ?? { key, status: 'failed', error: faultError('delete', kind, fault) }
      })
    },
  }
}

/** A plugin that provides a backend, with faults in it. */
export function withFaults(plugin: Plugin, plan: FaultPlan): Plugin {
  const setup = (ctx: { provide(name: string, create: (services: never) => unknown): void }) => {
    const provide = (name: string, create: (services: never) => unknown) =>
      ctx.provide(
        name,
        name === 'backend' ? (services) => faultyBackend(create(services) as Backend, plan) : create,
      )
    plugin.setup({ ...ctx, provide } as never)
  }
  return definePlugin({ ...plugin, setup } as unknown as PluginSpec<never, never, never>)
}
