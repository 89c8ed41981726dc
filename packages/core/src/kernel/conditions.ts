import type { ClockWatch } from '../gate/clock-watch.ts'
import type { GateCondition } from '../gate/gate.ts'
import type { Registrations } from './registrations.ts'

/** What the gate of a node asks before the taps: is it started, can its clock be believed, and its services. */
export function gateConditions(
  state: () => string,
  clockWatch: ClockWatch,
  registrations: Registrations,
): () => readonly GateCondition[] {
  let started: readonly GateCondition[] | undefined
  return () => {
    if (state() !== 'started') {
      const deny = { deny: `the node is ${state()}, not started`, retryAfter: 100 }
      return [{ name: 'node', check: () => deny }]
    }
    started ??= [
      { name: 'clock', check: (_request, asked) => clockWatch.check(asked) },
      ...registrations.services.flatMap(({ name }): GateCondition[] => {
        const service = registrations.own(name)
        if (service.checkGate === undefined) return []
        return [{ name, check: (request, asked) => service.checkGate?.(request, asked) }]
      }),
    ]
    return started
  }
}
