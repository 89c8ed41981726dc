import { AsyncSeriesBailHook } from 'tapable'
import { HoldfastError, messageOf } from '../errors.ts'
import { type Denial, type GateRequest, isDenial } from '../gate/request.ts'
import { type HookPort, refuseWhenSealed, type Seal, type TapOptions } from './ports.ts'

type Named = Denial & { readonly by: string }
type GateTap = (
  request: GateRequest,
  context: { readonly signal: AbortSignal },
) => Promise<Denial | undefined>

/** The `gate` hook, asked as a whole: the first denial wins. */
export interface GateHook {
  ask(request: GateRequest, options: { readonly signal?: AbortSignal }): Promise<Named | undefined>
  port(plugin: string): HookPort<GateRequest, Denial | undefined>
}

const NEVER = new AbortController().signal

/**
 * tapable's bail hook with its traps closed, so that no mistake in a plugin opens the gate: only promise taps can be
 * registered, and a tap that throws, or resolves with anything but a denial or undefined, denies.
 */
export function createGateHook(seal: Seal): GateHook {
  const hook = new AsyncSeriesBailHook<[GateRequest, { signal: AbortSignal }], Named | undefined>([
    'request',
    'context',
  ])
  const tapped = new Set<string>()
  hook.intercept({
    register(tap) {
      // A synchronous tap given an async function bails on the promise itself and skips every later tap.
      if (tap.type !== 'promise')
        throw new TypeError(`gate takes promise taps only, not ${tap.type} (${tap.name})`)
      return tap
    },
  })
  return {
    ask: (request, { signal = NEVER }) => hook.promise(request, { signal }),
    port: (plugin) => ({
      tap(first: TapOptions | GateTap, second?: GateTap) {
        refuseWhenSealed(seal, 'gate', plugin)
        const [options, fn] = typeof first === 'function' ? [{}, first] : [first, second]
        if (typeof fn !== 'function') throw new TypeError(`plugin ${plugin} taps gate without a function`)
        refuseUnknownBefore(options, tapped, plugin)
        const { stage = 0, before } = options
        const tap = { name: plugin, stage, ...(before !== undefined && { before }) }
        hook.tapPromise(tap, (request, context) => judge(plugin, () => fn(request, context)))
        tapped.add(plugin)
      },
    }),
  }
}

/** tapable would put a tap with an unknown `before` first. */
function refuseUnknownBefore(options: TapOptions, tapped: ReadonlySet<string>, plugin: string): void {
  const { before } = options
  if (before !== undefined && !tapped.has(before))
    throw new HoldfastError(
      'HF_OPTION_INVALID',
      `plugin ${plugin} wants to be before ${before} at gate, but no earlier plugin of that id has tapped it`,
      { context: { hook: 'gate', plugin, before } },
    )
}

async function judge(plugin: string, call: () => unknown): Promise<Named | undefined> {
  const failed = (deny: string): Named => ({ by: plugin, deny, reason: 'unknown' })
  try {
    const pending = call()
    if (!isThenable(pending)) return failed('its gate tap returned no promise')
    const answer: unknown = await pending
    if (answer === undefined) return undefined
    if (isDenial(answer)) return { ...answer, by: plugin }
    return failed(
      `its gate tap resolved with ${answer === null ? 'null' : typeof answer}, not with a denial or undefined`,
    )
  } catch (error) {
    return failed(`its gate tap failed: ${messageOf(error)}`)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  )
}
