import { isDeepStrictEqual } from 'node:util'
import type { Hold, HoldResult, HoldScope, NewHold } from '@holdfast/core'
import { answering, operation } from './operation.ts'
import { checkOneOf, flag, object, optional, text, time } from './request.ts'

export const list = operation<object, Hold, { readonly holds: number }>({}, async function* ({ node }) {
  const holds = node.service('manifest').holds.list()
  yield* holds
  return { holds: holds.length }
})

const NEW_HOLD = { scope: object, owner: text, expiresAt: optional(time), id: optional(text) }
const SCOPES = ['path', 'folder', 'key', 'namespace', 'run']

export const add = answering<NewHold, HoldResult>(NEW_HOLD, async ({ node, signal }, hold) => {
  checkOneOf(hold.scope, SCOPES)
  return await node.service('manifest').holds.hold(hold, { signal })
})

export interface ReleaseRequest {
  readonly id: string
  /** Really do it. Without it the hold is only shown. */
  readonly act?: boolean
  /** Only when it still holds this: what somebody was shown. */
  readonly scope?: HoldScope
}

export interface Released {
  /** Null when there is no such hold. */
  readonly hold: Hold | null
  readonly released: boolean
}

const RELEASE = { id: text, act: optional(flag), scope: optional(object) }

export const release = answering<ReleaseRequest, Released>(RELEASE, async ({ node, signal }, asked) => {
  const { id, act = false, scope } = asked
  const { holds } = node.service('manifest')
  const hold = holds.list().find((known) => known.id === id) ?? null
  if (hold === null || !act || (scope && !isDeepStrictEqual(scope, hold.scope)))
    return { hold, released: false }
  return { hold, released: await holds.release(id, { signal }) }
})
