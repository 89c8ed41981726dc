import { type FileTimes, readFileTimes } from '../inspection/file-times.ts'
import { type AskedHook, createAskedHook } from './asked-hook.ts'
import type { InspectedFile } from './events.ts'
import type { Seal } from './hook.ts'
import type { GuardParts, HookRule } from './tap.ts'

type Answer =
  | { readonly by: string; readonly times: FileTimes }
  | { readonly by: string; readonly why: string }

/** The `inspectFile` hook: the first tap that answers, or fails, decides. */
export type InspectHook = AskedHook<InspectedFile, Answer>

/** A tap that fails is no reason to ask on: what another one says of a file that this one failed at would be a guess. */
const RULE: HookRule<Answer | undefined> = {
  hook: 'inspectFile',
  timeLimit: 60_000,
  accept: (answer, plugin) =>
    answer === undefined ? undefined : { by: plugin, times: readFileTimes(answer) },
  failed: ({ context }, plugin) => ({ by: plugin, why: String(context.why) }),
}

export function createInspectHook(seal: Seal, parts: GuardParts): InspectHook {
  return createAskedHook(RULE, seal, parts)
}
