import { AsyncSeriesHook } from 'tapable'
import { frozenCopy } from '../frozen.ts'
import type { Logger } from '../log.ts'
import type { SnapshotIntent } from './events.ts'
import { type GuardedHook, guardHook, type HookArguments, type Seal } from './hook.ts'
import { acceptNothing, type GuardParts } from './tap.ts'

/** The `beforeSnapshotWrite` hook, called as a whole, one tap after the other. */
export interface SnapshotHook extends GuardedHook<SnapshotIntent, void> {
  /** Never rejects: a failing tap is counted, logged and in the status, and the write goes on. */
  announce(intent: SnapshotIntent, options?: { readonly signal?: AbortSignal }): Promise<void>
}

export function createSnapshotHook(seal: Seal, parts: GuardParts, log: Logger): SnapshotHook {
  const hook = new AsyncSeriesHook<HookArguments<SnapshotIntent>, { timeLimit?: number }>([
    'intent',
    'options',
  ])
  const guarded = guardHook<SnapshotIntent, void>(
    hook,
    {
      hook: 'beforeSnapshotWrite',
      timeLimit: 60_000,
      accept: acceptNothing,
      failed: ({ message, context }) => log.warn({ ...context, cause: message }, 'a tap failed'),
    },
    seal,
    parts,
  )
  return Object.freeze({
    get taps() {
      return guarded.taps
    },
    port: guarded.port,
    announce: (intent: SnapshotIntent, options: { readonly signal?: AbortSignal } = {}) =>
      hook.promise(frozenCopy(intent), options),
  })
}
