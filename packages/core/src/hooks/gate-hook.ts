import { AsyncSeriesBailHook } from 'tapable'
import { type Denial, type GateRequest, readDenial } from '../gate/request.ts'
import { type GuardedHook, guardHook, type HookArguments, type Seal } from './hook.ts'
import { type GuardParts, type HookRule, kindOf } from './tap.ts'

type Named = Denial & { readonly by: string }
type Answer = Named | undefined

/** The `gate` hook, asked as a whole: the first denial wins. */
export interface GateHook extends GuardedHook<GateRequest, Answer> {
  ask(request: GateRequest, options: { readonly signal?: AbortSignal }): Promise<Answer>
}

/** No mistake in a plugin opens the gate: a tap that fails, hangs, or answers with the wrong kind denies. */
const RULE: HookRule<Answer> = {
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
  const hook = new AsyncSeriesBailHook<HookArguments<GateRequest>, Answer, { timeLimit?: number }>([
    'request',
    'options',
  ])
  const guarded = guardHook(hook, RULE, seal, parts)
  return Object.freeze({
    get taps() {
      return guarded.taps
    },
    port: guarded.port,
    ask: (request: GateRequest, options: { readonly signal?: AbortSignal }) => hook.promise(request, options),
  })
}
