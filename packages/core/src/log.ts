import { type DestinationStream, pino } from 'pino'

/** What plugins log with: a pino child, by the part of its interface that we promise. */
export interface Logger {
  debug(facts: object, message?: string): void
  info(facts: object, message?: string): void
  warn(facts: object, message?: string): void
  error(facts: object, message?: string): void
  child(bindings: Record<string, unknown>): Logger
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/**
 * The node's own logger: JSON lines to standard error, so that a program's output stays its own. Writes are
 * synchronous: a line that was logged before a crash is there after it, and no worker keeps the process alive.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  return pino({ level, base: null }, destination ?? pino.destination({ fd: 2, sync: true }))
}
