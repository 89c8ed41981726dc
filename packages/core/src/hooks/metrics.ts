import type { HookName } from './ports.ts'

/** Takes the duration of every tap's call. A metrics registry implements it. */
export interface HookMetrics {
  /**
   * Called when a call has ended or its time limit has passed, once each. Must not throw.
   * @param ms how long it took, by the monotonic clock
   * @param ok false for a tap that failed; a denial is no failure
   */
  observe(hook: HookName, plugin: string, ms: number, ok: boolean): void
}

export const NO_HOOK_METRICS: HookMetrics = { observe: () => undefined }
