import type { Logger } from '../log.ts'
import type { Secrets } from './secrets.ts'

/** The logger itself when there is nothing to hide; otherwise one that takes secrets out of every line. */
export function maskedLog(log: Logger, secrets: Secrets): Logger {
  if (secrets.none) return log
  const line = (level: 'debug' | 'info' | 'warn' | 'error') => (facts: object, message?: string) => {
    const shown = secrets.maskFacts(facts)
    if (message === undefined) log[level](shown)
    else log[level](shown, secrets.mask(message))
  }
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (bindings) =>
      maskedLog(log.child(secrets.maskFacts(bindings) as Record<string, unknown>), secrets),
  }
}
