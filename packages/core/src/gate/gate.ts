import type { Secrets } from '../config/secrets.ts'
import { HoldfastError, messageOf } from '../errors.ts'
import { CallContext } from '../hooks/call.ts'
import type { GateHook } from '../hooks/gate-hook.ts'
import { kindOf } from '../hooks/tap.ts'
import type { Service } from '../kernel/service.ts'
import { isThenable } from '../thenable.ts'
import type { Asker } from './asker.ts'
import { type Denial, type GateRequest, questionProblem, readDenial, type Verdict } from './request.ts'
import { type Judged, judgeRole, type Roles, STANDALONE, type Standing, UNKNOWN } from './roles.ts'

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
  readonly asker: Asker
  readonly secrets: Secrets
}

/**
 * Asks the conditions in order, the role, then the taps of the `gate` hook; the first denial wins. Nothing is
 * remembered, and whatever fails denies.
 */
export function createGate({ conditions, roles, hook, asker, secrets }: GateParts): Gate {
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
    async check(given, options = {}) {
      // Whoever is asked cannot change the question for those behind.
      const request: GateRequest = Object.freeze({ ...given })
      // First, because every answer tells the role; judged after the conditions, because their reasons lie deeper.
      const held = roles()
      const problem = questionProblem(request)
      if (problem !== undefined)
        return denied(held ? UNKNOWN : STANDALONE, 'gate', { deny: problem, reason: 'unknown' })
      const context = new CallContext(options.signal)
      try {
        const { standing, denial: roleless }: Judged = held
          ? await judgeRole(
              () => asker.ask('roles', context, () => held.roleFor(request.action, context)),
              request,
            )
          : { standing: STANDALONE }
        for (const condition of conditions()) {
          try {
            const asked = asker.ask(condition.name, context, () => condition.check(request, context))
            // Most answer at once, and waiting for what is there costs a tenth of the gate's time.
            const answer = isThenable(asked) ? await asked : asked
            if (answer === undefined) continue
            const deny = `its condition gave ${kindOf(answer)}, not a denial`
            return denied(standing, condition.name, readDenial(answer) ?? { deny, reason: 'unknown' })
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
      } finally {
        CallContext.end(context)
      }
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
