import type { Hold, HoldResult, NewHold } from '@holdfast/core'
import { answering, type Operation } from './operation.ts'

export const list: Operation<object, Hold, { readonly holds: number }> = async function* ({ node }) {
  const holds = node.service('manifest').holds.list()
  yield* holds
  return { holds: holds.length }
}

export const add = answering<NewHold, HoldResult>(async ({ node, signal }, hold) => {
  return await node.service('manifest').holds.hold(hold, { signal })
})

export interface ReleaseRequest {
  readonly id: string
  /** Really do it. Without it the hold is only shown. */
  readonly act?: boolean
}

export interface Released {
  /** Null when there is no such hold. */
  readonly hold: Hold | null
  readonly released: boolean
}

export const release = answering<ReleaseRequest, Released>(async ({ node, signal }, { id, act = false }) => {
  const { holds } = node.service('manifest')
  const hold = holds.list().find((known) => known.id === id) ?? null
  return { hold, released: hold !== null && act && (await holds.release(id, { signal })) }
})
