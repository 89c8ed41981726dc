import type { AsyncHook } from 'tapable'
import { HoldfastError } from '../errors.ts'
import type { HookPort, TapFunction, TapOptions } from './ports.ts'
import { type GuardParts, type HookRule, Tap } from './tap.ts'

/** Says whether the last `setup` has run. */
export interface Seal {
  sealed: boolean
}

/** What a guarded hook is called with: the event, and what the caller gives beside it. */
export type HookArguments<Event> = [event: Event, options: { readonly signal?: AbortSignal }]
interface Extra {
  readonly timeLimit?: number
}
type Registered<Event, Result> = AsyncHook<HookArguments<Event>, Result, Extra>

/** A tapable hook all of whose taps stand behind their guards. */
export interface GuardedHook<Event, Result> {
  /** In the order of their calls. */
  readonly taps: readonly Tap<Event, Result>[]
  port(plugin: string): HookPort<Event, Result>
}

/**
 * Puts the guard on a hook of tapable, as the one interceptor of `register`: whatever way a tap takes to the hook, it
 * is refused here or wrapped.
 * @param once whether a plugin may tap the hook only once, because its name is all that its taps are known by
 */
export function guardHook<Event, Result>(
  hook: Registered<Event, Result>,
  rule: HookRule<Result>,
  seal: Seal,
  parts: GuardParts,
  { once = false }: { readonly once?: boolean } = {},
): GuardedHook<Event, Result> {
  const name = rule.hook
  const guarded = new Map<unknown, Tap<Event, Result>>()
  const tapped = (plugin: string) => hook.taps.some((tap) => tap.name === plugin)
  hook.intercept({
    register(tap) {
      const { name: plugin, before, timeLimit } = tap
      const refuse = (why: string): HoldfastError =>
        new HoldfastError('HF_OPTION_INVALID', `plugin ${plugin} ${why}`, {
          context: { hook: name, plugin, ...(before !== undefined && { before }) },
        })
      if (seal.sealed)
        throw new HoldfastError(
          'HF_HOOKS_SEALED',
          `plugin ${plugin} taps ${name} after setup; tap it in setup`,
          {
            context: { hook: name, plugin },
          },
        )
      // A synchronous tap given an async function bails on the promise itself and skips every later tap.
      if (tap.type !== 'promise')
        throw new TypeError(`${name} takes promise taps only, not ${tap.type} (${plugin})`)
      if (typeof tap.fn !== 'function')
        throw new TypeError(`plugin ${plugin} taps ${name} without a function`)
      // tapable would put a tap with an unknown `before` first.
      if (before !== undefined && !tapped(before))
        throw refuse(
          `wants to be before ${before} at ${name}, but no earlier plugin of that id has tapped it`,
        )
      if (once && tapped(plugin)) throw refuse(`taps ${name} twice; call both functions in one tap`)
      if (timeLimit !== undefined && !(timeLimit > 0 && Number.isFinite(timeLimit)))
        throw refuse(`gives ${name} a time limit of ${timeLimit}; give milliseconds above 0`)
      const guard = new Tap<Event, Result>(plugin, tap.fn as never, rule, timeLimit, parts)
      const fn = (event: Event, { signal }: { readonly signal?: AbortSignal }) => guard.call(event, signal)
      guarded.set(fn, guard)
      return { ...tap, fn }
    },
  })
  return {
    get taps() {
      return hook.taps.flatMap(({ fn }) => guarded.get(fn) ?? [])
    },
    port: (plugin) =>
      Object.freeze({
        tap(first: TapOptions | TapFunction<Event, Result>, second?: TapFunction<Event, Result>) {
          const [options, fn] = typeof first === 'function' ? [{}, first] : [first, second]
          const { before, stage = 0, timeLimit } = readOptions(plugin, name, options)
          const given = {
            stage,
            ...(before !== undefined && { before }),
            ...(timeLimit !== undefined && { timeLimit }),
          }
          // The guard calls it with a context in place of the caller's options.
          hook.tapPromise({ ...given, name: plugin }, fn as never)
        },
      }),
  }
}

const OPTIONS = Object.keys({ before: true, stage: true, timeLimit: true } satisfies Record<
  keyof TapOptions,
  true
>)

/** A misspelt time limit must not be none. */
function readOptions(plugin: string, hook: string, options: TapOptions = {}): TapOptions {
  const refuse = (why: string) =>
    new HoldfastError('HF_OPTION_INVALID', `plugin ${plugin} taps ${hook} with ${why}`, {
      context: { hook, plugin },
    })
  if (typeof options !== 'object' || options === null) throw refuse('options that are no object')
  const unknown = Object.keys(options).find((option) => !OPTIONS.includes(option))
  if (unknown !== undefined)
    throw refuse(`the option "${unknown}", which is unknown; known are ${OPTIONS.join(', ')}`)
  const { stage = 0, before } = options
  if (!Number.isFinite(stage)) throw refuse(`a stage of ${String(stage)}; give a number`)
  if (before !== undefined && typeof before !== 'string') throw refuse('a before that is no id of a plugin')
  return options
}
