import { type Backend, definePlugin, type Plugin, type PluginSpec } from '@holdfast/core'
import { type FaultPlan, type FaultyCall, faultError } from './fault-plan.ts'

/**
 * A backend that fails when the plan says so, before it has done anything. A plan can be armed at any time:
 *
 * ```ts
 * const faults = new FaultPlan()
 * const backend = faultyBackend(memoryBackend(), faults)
 * using _once = faults.arm({ call: 'delete', kind: 'throttled' })
 * ```
 */
export function faultyBackend(backend: Backend, plan: FaultPlan): Backend {
  const mayFail = (call: FaultyCall) => {
    const fault = plan.next(call)
    if (fault) throw faultError(fault)
  }
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
      mayFail('write')
      return backend.write(key, source, options)
    },
    async read(key, options) {
      mayFail('read')
      return backend.read(key, options)
    },
    async stat(key, options) {
      mayFail('stat')
      return backend.stat(key, options)
    },
    async *list(options) {
      mayFail('list')
      yield* backend.list(options)
    },
    async delete(targets, options) {
      const fault = plan.next('delete')
      if (!fault) return backend.delete(targets, options)
      const { partial } = fault
      if (!partial) throw faultError(fault)
      const kept = targets.filter((_, index) => !partial(index))
      const outcomes = kept.length === 0 ? [] : await backend.delete(kept, options)
      let next = 0
      return targets.map(({ key }, index) => {
        const outcome = partial(index) ? undefined : outcomes[next++]
        return outcome ?? { key, status: 'failed', error: faultError(fault) }
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
