import { messageOf } from '@holdfast/core'

/** What is looked at, in this order. Stable between majors. */
export type Check =
  | 'node'
  | 'platform'
  | 'open-files'
  | 'config'
  | 'plugin'
  | 'data-folder'
  | 'data-file-system'
  | 'data-room'
  | 'running'
  | 'job'
  | 'eraser'
  | 'tap'
  | 'lock'
  | 'last-stop'
  | 'node-id'
  | 'manifest'
  | 'store-folder'
  | 'store-file-system'
  | 'store-room'
  | 'identity'
  | 'owner'
  | 'clock'

/** What a check came to, in a sentence; and what to type or change when it is not well. */
export type Finding =
  | { readonly check: Check; readonly state: 'ok'; readonly message: string }
  | {
      readonly check: Check
      readonly state: 'warning' | 'failed'
      readonly message: string
      readonly cure: string
    }

export function ok(check: Check, message: string): Finding {
  return { check, state: 'ok', message }
}

/** The node runs, and somebody should know. */
export function warning(check: Check, message: string, cure: string): Finding {
  return { check, state: 'warning', message, cure }
}

/** A node does not run so, or does not do all that it is there for. */
export function failed(check: Check, message: string, cure: string): Finding {
  return { check, state: 'failed', message, cure }
}

/** What is about to be looked at, and for how long at most, ms. */
export interface Look {
  readonly check: Check
  readonly timeLimit: number
}

/** A look that took too long. */
export function givenUp({ check, timeLimit }: Look): Finding {
  return failed(
    check,
    `looking took longer than ${timeLimit / 1000} s, and was given up`,
    'see whether a disk, a network file system or a plugin hangs',
  )
}

/** Hears of each look before it begins. */
export type OnLook = (look: Look) => void

/** A look that hangs, or fails in a way that it does not know, is a finding as well. */
export async function limited<T>(
  { late: tooLate = givenUp, ...limits }: Look & { readonly late?: typeof givenUp },
  onLook: OnLook,
  look: () => Promise<T>,
): Promise<{ readonly result: T } | { readonly finding: Finding }> {
  const { check, timeLimit } = limits
  onLook(limits)
  const late = Promise.withResolvers<{ readonly finding: Finding }>()
  const timer = setTimeout(() => late.resolve({ finding: tooLate(limits) }), timeLimit)
  try {
    return await Promise.race([look().then((result) => ({ result })), late.promise])
  } catch (error) {
    return { finding: failed(check, messageOf(error), 'mend what the message says, and look again') }
  } finally {
    clearTimeout(timer)
  }
}
