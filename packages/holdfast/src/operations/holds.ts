import { isDeepStrictEqual } from 'node:util'
import { type Hold, HoldfastError, type HoldResult, type NewHold } from '@holdfast/core'
import { answering, operation } from './operation.ts'
import { checkOneOf, flag, object, optional, text, time } from './request.ts'

export const list = operation<object, Hold, { readonly holds: number }>({}, async function* ({ node }) {
  const holds = node.service('manifest').holds.list()
  yield* holds
  return { holds: holds.length }
})

export interface AddRequest extends NewHold {
  /** Also in the place of a hold that holds more, or longer. */
  readonly replace?: boolean
}

const ADD = {
  scope: object,
  owner: text,
  expiresAt: optional(time),
  id: optional(text),
  replace: optional(flag),
}
const SCOPES = ['path', 'folder', 'key', 'namespace', 'run']

export const add = answering<AddRequest, HoldResult>(ADD, async ({ node, signal }, { replace, ...hold }) => {
  checkOneOf(hold.scope, SCOPES)
  const { holds } = node.service('manifest')
  if (replace || hold.id === undefined) return await holds.hold(hold, { signal })
  const current = holds.list().find(({ id }) => id === hold.id) ?? null
  if (current && letsGo(current, hold)) throw replaces(current)
  return await holds.hold(hold, { current, signal })
})

/** Whether something is held no more, or not so long, when one takes the place of the other. */
function letsGo(current: Hold, { scope, expiresAt = Number.POSITIVE_INFINITY }: NewHold): boolean {
  const { expiresAt: ends = Number.POSITIVE_INFINITY } = current
  return ends > Date.now() && (!isDeepStrictEqual(scope, current.scope) || expiresAt < ends)
}

/** The last moment that has a date, ms since 1970 UTC. */
const LAST = 8.64e15

function replaces(hold: Hold): HoldfastError {
  const { expiresAt } = hold
  const until = expiresAt === undefined ? '' : ` until ${new Date(Math.min(expiresAt, LAST)).toISOString()}`
  return new HoldfastError(
    'HF_HELD',
    `hold ${hold.id} holds ${scopeText(hold)}${until}, which this one does not: --act replaces it, another --id stands beside it`,
    { context: { holds: [hold] } },
  )
}

/** `folder sales/2026` */
export function scopeText({ scope }: Pick<Hold, 'scope'>): string {
  const [[kind, of] = ['', '']] = Object.entries(scope)
  return `${kind} ${of}`
}

export interface ReleaseRequest {
  readonly id: string
  /** Really do it. Without it the hold is only shown. */
  readonly act?: boolean
  /** Only when it still is this one: what somebody was shown. */
  readonly current?: Omit<Hold, 'id'>
}

export interface Released {
  /** Null when there is no such hold. */
  readonly hold: Hold | null
  readonly released: boolean
}

const RELEASE = { id: text, act: optional(flag), current: optional(object) }

export const release = answering<ReleaseRequest, Released>(RELEASE, async ({ node, signal }, asked) => {
  const { id, act = false, current } = asked
  const { holds } = node.service('manifest')
  const hold = holds.list().find((known) => known.id === id) ?? null
  if (hold === null || !act) return { hold, released: false }
  return { hold, released: await holds.release(id, { current: current ?? hold, signal }) }
})
