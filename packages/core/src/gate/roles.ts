import { messageOf } from '../errors.ts'
import type { Denial, GateAction } from './request.ts'

/** How a node stands, at this moment, to the role that an action needs. */
export interface Standing {
  /** What this node is. When it may act, the role that it acts under: the name in the fence of its batches. */
  readonly role: string
  /** Number of the tenure of the needed role, as far as this node knows: the epoch in the fence of its batches. */
  readonly epoch: number
  /** Whether this node holds the needed role, or the action needs none. */
  readonly mayAct: boolean
  /** The node that holds the needed role, where it is known. */
  readonly holder?: string
  /** Milliseconds after which asking again makes sense. */
  readonly retryAfter?: number
}

/**
 * The service `roles` of a node whose actions are bound to roles. A node without it acts as `standalone`, in epoch 0.
 *
 * The gate asks live, before every run, every chunk and every status: answer of what this node knows, at once. Whatever
 * is no {@link Standing} denies: undefined (the role is not known yet, or not any more), a failure, anything else. The
 * answer need not be the last word: apply drops a batch whose epoch has passed.
 */
export interface Roles {
  roleFor(
    action: GateAction,
    options: { readonly signal?: AbortSignal },
  ): Promise<Standing | undefined> | Standing | undefined
}

/** A node that has no roles acts as this one, in epoch 0. */
export const STANDALONE: Standing = { role: 'standalone', epoch: 0, mayAct: true }

/** The roles of a node that cannot know them yet, or any more. */
export const UNKNOWN_ROLES: Roles = { roleFor: () => undefined }

/** What a node is that does not know what it is. */
export const UNKNOWN: Standing = { role: 'unknown', epoch: 0, mayAct: false }

/** A standing, and why it does not let the action happen. */
export interface Judged {
  readonly standing: Standing
  readonly denial?: Denial
}

/** Asks the service `roles`, and never fails: what goes wrong denies. A dry run needs no role, nor does the end of what was doomed, but a node that knows its own. */
export async function judgeRole(
  ask: () => unknown,
  {
    action,
    dryRun = false,
    doomed = false,
  }: { readonly action: GateAction; readonly dryRun?: boolean; readonly doomed?: boolean },
): Promise<Judged> {
  let standing: Standing | undefined
  try {
    const answer = await ask()
    if (answer === undefined) return unknown('the role of this node is not known')
    standing = readStanding(answer)
  } catch (error) {
    return unknown(`asking for its role failed: ${messageOf(error)}`, 'unknown')
  }
  if (!standing) return unknown('what it gave for the role of this node is no standing', 'unknown')
  if (standing.mayAct || dryRun || doomed) return { standing }
  const { role, holder, retryAfter } = standing
  const held = holder === undefined ? 'no node that this one knows of' : `node ${holder}`
  const deny = `this node is ${role}; the role that ${action} needs is held by ${held}`
  return { standing, denial: { deny, ...(retryAfter !== undefined && { retryAfter }) } }
}

function unknown(deny: string, reason: Denial['reason'] = 'not_authorised'): Judged {
  return { standing: UNKNOWN, denial: { deny, reason } }
}

function readStanding(value: unknown): Standing | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { role, epoch, mayAct, holder, retryAfter } = value as Partial<Record<keyof Standing, unknown>>
  if (typeof role !== 'string' || role === '' || typeof mayAct !== 'boolean') return undefined
  if (!Number.isSafeInteger(epoch) || (epoch as number) < 0) return undefined
  if (holder !== undefined && typeof holder !== 'string') return undefined
  return {
    role,
    epoch: epoch as number,
    mayAct,
    ...(holder !== undefined && { holder }),
    ...(typeof retryAfter === 'number' && { retryAfter }),
  }
}
