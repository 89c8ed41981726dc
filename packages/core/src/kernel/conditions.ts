import type { ClockWatch } from '../gate/clock-watch.ts'
import type { GateCondition } from '../gate/gate.ts'
import type { Registrations } from './registrations.ts'

/** What the gate of a node asks before the taps: is it started, can its clock be believed, and its services. */
export function gateConditions(
  state: string,
  clockWatch: ClockWatch,
  registrations: Registrations,
): GateCondition[] {
  if (state !== 'started') {
    const deny = { deny: `the node is ${state}, not started`, retryAfter: 100 }
    return [{ name: 'node', check: () => deny }]
  }
  const clock: GateCondition = { name: 'clock', check: (_request, asked) => clockWatch.check(asked) }
  const own = registrations.services.flatMap(({ name }) => {
    const service = registrations.own(name)
    const check = service.checkGate?.bind(service)
    return check ? [{ name, check }] : []
  })
  return [clock, ...own]
}
