import type { Secrets } from '../config/secrets.ts'
import type { HookName, HookPort, HookPorts } from './ports.ts'

/** The ports of a plugin, with taps that throw no secret: what a failed tap is known by is shown in many places. */
export function maskedPorts(ports: HookPorts, secrets: Secrets): HookPorts {
  if (secrets.none) return ports
  const masked = Object.entries(ports).map(([hook, port]) => [hook as HookName, maskedPort(port, secrets)])
  return Object.freeze(Object.fromEntries(masked))
}

function maskedPort(port: HookPort<never, never>, secrets: Secrets): HookPort<never, never> {
  // Whatever else is given, right or wrong, the port itself judges.
  const guarded = (given: unknown) =>
    typeof given === 'function' ? secrets.guard(given as (...args: unknown[]) => unknown) : given
  return Object.freeze({
    tap: (...given: unknown[]) => port.tap(...(given.map(guarded) as Parameters<typeof port.tap>)),
  })
}
