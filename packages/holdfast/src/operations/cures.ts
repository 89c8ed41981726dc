import { answering } from './operation.ts'
import { flag, optional, text } from './request.ts'
import { serviceOf } from './services.ts'

export interface AcknowledgeRequest {
  /** Who gives their word; it goes into the audit. */
  readonly actor: string
  /** Only against this: what somebody was shown. */
  readonly objection?: string
  /** Really do it. Without it only what stands in the way is told. */
  readonly act?: boolean
}

export interface Acknowledged {
  /** Why nothing may be destroyed; null when nothing stands in the way. */
  readonly behind: string | null
  /** It was given, and there was something to give it for. */
  readonly acknowledged: boolean
}

const ACKNOWLEDGE = { actor: text, objection: optional(text), act: optional(flag) }

export const acknowledge = answering<AcknowledgeRequest, Acknowledged>(
  ACKNOWLEDGE,
  async ({ node, signal }, { act, ...word }) => {
    const manifest = node.service('manifest')
    const behind = (await manifest.objection({ signal })) ?? null
    return { behind, acknowledged: act === true && (await manifest.acknowledge(word)) }
  },
)

export const trustClock = answering<object, { readonly trusted: true }>({}, async ({ node }) => {
  node.trustClock()
  return { trusted: true }
})

export interface Retried {
  /** Files whose bytes could not be deleted, and are tried again. */
  readonly erases: number
  /** Taps that had failed. */
  readonly taps: number
}

export const retry = answering<object, Retried>({}, async ({ node }) => ({
  erases: (await serviceOf(node, 'eraser')?.retry()) ?? 0,
  taps: node.hooks.retry(),
}))
