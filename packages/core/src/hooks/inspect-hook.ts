import { AsyncSeriesBailHook } from 'tapable'
import { type FileTimes, readFileTimes } from '../inspection/file-times.ts'
import type { InspectedFile } from './events.ts'
import { type GuardedHook, guardHook, type HookArguments, type Seal } from './hook.ts'
import type { GuardParts, HookRule } from './tap.ts'

type Answer =
  | { readonly by: string; readonly times: FileTimes }
  | { readonly by: string; readonly why: string }
  | undefined

/** The `inspectFile` hook, asked as a whole: the first tap that answers, or fails, decides. */
export interface InspectHook extends GuardedHook<InspectedFile, Answer> {
  /** Never rejects. */
  ask(file: InspectedFile, options: { readonly signal?: AbortSignal }): Promise<Answer>
}

/** A tap that fails is no reason to ask on: what another one says of a file that this one failed at would be a guess. */
const RULE: HookRule<Answer> = {
  hook: 'inspectFile',
  timeLimit: 60_000,
  accept: (answer, plugin) =>
    answer === undefined ? undefined : { by: plugin, times: readFileTimes(answer) },
  failed: ({ context }, plugin) => ({ by: plugin, why: String(context.why) }),
}

export function createInspectHook(seal: Seal, parts: GuardParts): InspectHook {
  const hook = new AsyncSeriesBailHook<HookArguments<InspectedFile>, Answer, { timeLimit?: number }>([
    'file',
    'options',
  ])
  const guarded = guardHook(hook, RULE, seal, parts)
  return Object.freeze({
    get taps() {
      return guarded.taps
    },
    port: guarded.port,
    ask: (file: InspectedFile, options: { readonly signal?: AbortSignal }) => hook.promise(file, options),
  })
}
