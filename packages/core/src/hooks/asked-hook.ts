import { AsyncSeriesBailHook } from 'tapable'
import { type GuardedHook, guardHook, type HookArguments, type Seal } from './hook.ts'
import type { GuardParts, HookRule } from './tap.ts'

/** A hook that is asked as a whole, one tap after the other: the first that has an answer decides. */
export interface AskedHook<Question, Answer> extends GuardedHook<Question, Answer | undefined> {
  /** Never rejects where the hook's rule makes an answer of a failure. */
  ask(question: Question, options: { readonly signal?: AbortSignal }): Promise<Answer | undefined>
}

export function createAskedHook<Question, Answer>(
  rule: HookRule<Answer | undefined>,
  seal: Seal,
  parts: GuardParts,
): AskedHook<Question, Answer> {
  type Extra = { timeLimit?: number }
  const hook = new AsyncSeriesBailHook<HookArguments<Question>, Answer | undefined, Extra>([
    'question',
    'options',
  ])
  const guarded = guardHook(hook, rule, seal, parts)
  return Object.freeze({
    get taps() {
      return guarded.taps
    },
    port: guarded.port,
    ask: (question: Question, options: { readonly signal?: AbortSignal }) => hook.promise(question, options),
  })
}
