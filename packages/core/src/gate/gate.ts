import type { Secrets } from '../config/secrets.ts'
import { HoldfastError, messageOf } from '../errors.ts'
import type { GateHook } from '../hooks/gate-hook.ts'
import type { Service } from '../kernel/service.ts'
import { isThenable } from '../thenable.ts'
import { type Denial, type GateRequest, isDenial, type Verdict } from './request.ts'
import { type Judged, judgeRole, type Roles, STANDALONE, type Standing } from './roles.ts'

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

export interface GateParts {
  readonly conditions: () => readonly GateCondition[]
  /** Undefined on a node without roles. */
  readonly roles: () => Roles | undefined
  readonly hook: GateHook
  readonly secrets: Secrets
}

/**
 * Asks the conditions in order, the role, then the taps of the `gate` hook; the first denial wins. Nothing is
 * remembered, and whatever fails denies.
 */
export function createGate({ conditions, roles, hook, secrets }: GateParts): Gate {
  const denied = (standing: Standing, by: string, denial: Denial): Verdict => ({
    allowed: false,
    ...ofVerdict(standing),
    by,
    message: secrets.mask(denial.deny),
    reason: denial.reason ?? 'not_authorised',
    // Whatever a plugin says, asking again at once and for ever is no answer.
    ...(denial.retryAfter !== undefined && {
      retryAfter: Math.max(LEAST_WAIT_MS, denial.retryAfter) || LEAST_WAIT_MS,
    }),
  })
  return {
    async check(request, options = {}) {
      // First, because every answer tells the role; judged after the conditions, because their reasons lie deeper.
      const held = roles()
      const { standing, denial: roleless }: Judged = held
        ? await judgeRole(held, request, options)
        : { standing: STANDALONE }
      for (const condition of conditions()) {
        try {
          const answer = condition.check(request, options)
          // Most answer at once, and waiting for what is there costs a tenth of the gate's time.
          const denial = isThenable(answer) ? await answer : answer
          if (denial === undefined) continue
          if (isDenial(denial)) return denied(standing, condition.name, denial)
          return denied(standing, condition.name, {
            deny: `its condition gave ${String(denial)}, not a denial`,
            reason: 'unknown',
          })
        } catch (error) {
          return denied(standing, condition.name, {
            deny: `its condition failed: ${messageOf(error)}`,
            reason: 'unknown',
          })
        }
      }
      if (roleless) return denied(standing, 'roles', roleless)
      const denial = await hook.ask(request, options)
      return denial ? denied(standing, denial.by, denial) : { allowed: true, ...ofVerdict(standing) }
    },
  }
}

function ofVerdict({ role, epoch, holder }: Standing): Pick<Verdict, 'role' | 'epoch' | 'holder'> {
  return { role, epoch, ...(holder !== undefined && { holder }) }
}

/** The error for a call that the gate refused. */
export function gateDenied(verdict: Extract<Verdict, { allowed: false }>, operation: string): HoldfastError {
  return new HoldfastError('HF_GATE_DENIED', `${operation} is denied by ${verdict.by}: ${verdict.message}`, {
    operation,
    context: { ...verdict },
  })
}
