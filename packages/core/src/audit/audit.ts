import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { frozenCopy } from '../frozen.ts'
import type { Logger } from '../log.ts'
import { tell } from '../tell.ts'
import type { AuditEvent, AuditEvents, AuditName } from './events.ts'

/** Who did what, for people who must be able to tell later. */
export interface Audit {
  /** Writes an event to the log and gives it to the listeners. */
  emit<N extends AuditName>(name: N, facts: AuditEvents[N]): void
  /**
   * Calls `listener` with every event from now on, at once and in order; events are frozen. What it throws, or rejects
   * with, is only logged. Dispose of the result to end that.
   */
  on(listener: (event: AuditEvent) => void): Disposable
}

/** The audit of one node: every event is a line of the log at level info. */
export function createAudit(node: () => string, clock: Clock, log: Logger): Audit {
  const listeners = new Set<(event: AuditEvent) => void>()
  return {
    emit(name, facts) {
      // A copy, because its facts go on in the records of the node; frozen, because every listener gets the same one.
      const event = frozenCopy({
        audit: name,
        at: clock.now(),
        node: node(),
        ...facts,
      }) as unknown as AuditEvent
      log.info(event, name)
      for (const listener of [...listeners])
        tell(listener, event, (error) =>
          log.warn({ audit: name, cause: messageOf(error) }, 'a listener of audit events failed'),
        )
    },
    on(listener) {
      // Wrapped, so that one function registered twice is two listeners.
      const own = (event: AuditEvent) => listener(event)
      listeners.add(own)
      return { [Symbol.dispose]: () => void listeners.delete(own) }
    },
  }
}
