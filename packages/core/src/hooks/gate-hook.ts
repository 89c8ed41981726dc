import { type Denial, type GateRequest, readDenial } from '../gate/request.ts'
import { type AskedHook, createAskedHook } from './asked-hook.ts'
import type { Seal } from './hook.ts'
import { type GuardParts, type HookRule, kindOf } from './tap.ts'

type Named = Denial & { readonly by: string }

/** The `gate` hook: the first denial wins. */
export type GateHook = AskedHook<GateRequest, Named>

/** No mistake in a plugin opens the gate: a tap that fails, hangs, or answers with the wrong kind denies. */
const RULE: HookRule<Named | undefined> = {
  hook: 'gate',
  timeLimit: 10_000,
  accept(answer, plugin) {
    if (answer === undefined) return undefined
    const denial = readDenial(answer)
    if (denial) return { ...denial, by: plugin }
    throw new TypeError(`resolved with ${kindOf(answer)}, not with a denial or undefined`)
  },
  failed: ({ context }, plugin) => ({ by: plugin, deny: `its gate tap ${context.why}`, reason: 'unknown' }),
}

export function createGateHook(seal: Seal, parts: GuardParts): GateHook {
  return createAskedHook(RULE, seal, parts)
}
