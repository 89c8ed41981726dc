import { HoldfastError, messageOf } from '../errors.ts'
import type { GateHook } from '../hooks/gate-hook.ts'
import { isThenable } from '../hooks/tap.ts'
import type { Service } from '../kernel/service.ts'
import { type Denial, type GateRequest, isDenial, type Verdict } from './request.ts'

/** May this node do this now? */
export interface Gate {
  check(request: GateRequest, options?: { readonly signal?: AbortSignal }): Promise<Verdict>
}

/** A part of the node that the gate asks before the taps. */
export interface GateCondition {
  readonly name: string
  readonly check: NonNullable<Service['checkGate']>
}

/** Least time after which a denied question is worth asking again, ms. */
const LEAST_WAIT_MS = 50

/** A node that has no roles acts as this one, in epoch 0. */
export const STANDALONE = { role: 'standalone', epoch: 0 } as const

/**
 * Asks the conditions in order, then the taps of the `gate` hook; the first denial wins. Nothing is remembered, and
 * whatever fails denies.
 */
export function createGate(conditions: () => readonly GateCondition[], hook: GateHook): Gate {
  const denied = (by: string, denial: Denial): Verdict => ({
    allowed: false,
    ...STANDALONE,
    by,
    message: denial.deny,
    reason: denial.reason ?? 'not_authorised',
    // Whatever a plugin says, asking again at once and for ever is no answer.
    ...(denial.retryAfter !== undefined && {
      retryAfter: Math.max(LEAST_WAIT_MS, denial.retryAfter) || LEAST_WAIT_MS,
    }),
  })
  return {
    async check(request, options = {}) {
      for (const condition of conditions()) {
        try {
          const answer = condition.check(request, options)
          // Most answer at once, and waiting for what is there costs a tenth of the gate's time.
          const denial = isThenable(answer) ? await answer : answer
          if (denial === undefined) continue
          if (isDenial(denial)) return denied(condition.name, denial)
          return denied(condition.name, {
            deny: `its condition gave ${String(denial)}, not a denial`,
            reason: 'unknown',
          })
        } catch (error) {
          return denied(condition.name, {
            deny: `its condition failed: ${messageOf(error)}`,
            reason: 'unknown',
          })
        }
      }
      const denial = await hook.ask(request, options)
      return denial ? denied(denial.by, denial) : { allowed: true, ...STANDALONE }
    },
  }
}

/** The error for a call that the gate refused. */
export function gateDenied(verdict: Extract<Verdict, { allowed: false }>, operation: string): HoldfastError {
  return new HoldfastError('HF_GATE_DENIED', `${operation} is denied by ${verdict.by}: ${verdict.message}`, {
    operation,
    context: verdict,
  })
}
