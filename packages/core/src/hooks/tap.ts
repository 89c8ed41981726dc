import type { Clock } from '../clock.ts'
import type { Secrets } from '../config/secrets.ts'
import { HoldfastError, messageOf } from '../errors.ts'
import { isThenable } from '../thenable.ts'
import { CallContext } from './call.ts'
import type { HookSeconds } from './metrics.ts'
import type { HookName } from './ports.ts'
import { type Watchdog, Watched } from './watchdog.ts'

/** What the guards of a node share. */
export interface GuardParts {
  readonly clock: Clock
  readonly watchdog: Watchdog
  readonly seconds: HookSeconds
  readonly secrets: Secrets
}

/** How a hook reads what its taps answer. */
export interface HookRule<Result> {
  readonly hook: HookName
  /** Default time limit of a tap, ms. */
  readonly timeLimit: number
  /** The answer, when it is of the right kind. @throws TypeError that says what it is instead: "resolved with ..." */
  accept(answer: unknown, plugin: string): Result
  /** What a failed tap stands for, where the hook has a rule for that; without it the call rejects. */
  failed?(failure: HoldfastError, plugin: string): Result
}

/** What is known of a tap, for the status. */
export interface TapRecord {
  calls: number
  failures: number
  /** Time of all calls that have ended, ms. */
  totalMs: number
  /** `at`: ms since 1970 UTC. */
  lastError?: { readonly message: string; readonly at: number }
}

const { then } = Promise.prototype

/** A call that is under way. */
class Call<Result> extends Watched {
  readonly start: number
  readonly deadline: number
  readonly context: CallContext
  readonly #giveUp: (call: Call<Result>, why: 'late' | 'stopped') => void
  resolve!: (result: Result) => void
  reject!: (error: HoldfastError) => void

  constructor(
    start: number,
    limit: number,
    context: CallContext,
    giveUp: (call: Call<Result>, why: 'late' | 'stopped') => void,
  ) {
    super()
    this.start = start
    this.deadline = start + limit
    this.context = context
    this.#giveUp = giveUp
  }

  expire(why: 'late' | 'stopped'): void {
    this.#giveUp(this, why)
  }
}

/**
 * One tap behind its guard. Whatever it does (throws, hangs past its limit, answers with the wrong kind), the caller
 * gets one answer in time, and a failure carries the plugin's id. While a call hangs the tap is not called again.
 */
export class Tap<Event, Result> {
  readonly plugin: string
  readonly record: TapRecord = { calls: 0, failures: 0, totalMs: 0 }
  readonly #fn: (event: Event, context: CallContext) => unknown
  readonly #rule: HookRule<Result>
  readonly #timeLimit: number
  readonly #parts: GuardParts
  readonly #seconds: Record<'ok' | 'failed', { observe(value: number): void }>
  readonly #hanging = new Set<Call<Result>>()
  readonly #waiting: (() => void)[] = []

  constructor(
    plugin: string,
    fn: (event: Event, context: CallContext) => unknown,
    rule: HookRule<Result>,
    timeLimit: number | undefined,
    parts: GuardParts,
  ) {
    this.plugin = plugin
    this.#fn = fn
    this.#rule = rule
    this.#timeLimit = timeLimit ?? rule.timeLimit
    this.#parts = parts
    const measured = (result: string) => parts.seconds.of({ hook: rule.hook, plugin, result })
    this.#seconds = { ok: measured('ok'), failed: measured('failed') }
  }

  get hook(): HookName {
    return this.#rule.hook
  }

  /** How long the oldest call hangs that is past its time limit, ms; undefined while none does. */
  get hangingFor(): number | undefined {
    if (this.#hanging.size === 0) return undefined
    for (const { start } of this.#hanging) return this.#parts.clock.monotonic() - start
    return undefined
  }

  /** Calls `fn` once, when no call hangs any more. */
  onceFree(fn: () => void): void {
    if (this.#hanging.size === 0) fn()
    else this.#waiting.push(fn)
  }

  /** @throws HF_TAP_FAILED with hook and plugin, unless the hook has a rule for failed taps */
  call(event: Event, signal?: AbortSignal): Promise<Result> {
    const { clock, watchdog } = this.#parts
    this.record.calls++
    const hangingFor = this.hangingFor
    if (hangingFor !== undefined) return this.#refuse(`has hung for ${Math.round(hangingFor)} ms`)
    const start = clock.monotonic()
    const context = new CallContext(signal)
    const call = new Call<Result>(start, this.#timeLimit, context, this.#giveUp)
    try {
      const pending = this.#fn(event, context)
      const isPromise = pending instanceof Promise
      if (!isPromise && !isThenable(pending)) {
        this.#observe(start, false)
        return this.#refuse('returned no promise')
      }
      // A promise of another make may throw, answer twice, or at once; that of the language does not.
      then.call(
        isPromise ? pending : Promise.resolve(pending),
        (value) => {
          if (this.#ended(call)) this.#accept(call, value)
        },
        (error: unknown) => {
          if (this.#ended(call)) this.#fail(call, `failed: ${messageOf(error)}`, error)
        },
      )
    } catch (error) {
      this.#observe(start, false)
      return this.#refuse(`failed: ${messageOf(error)}`, error)
    }
    watchdog.enter(call)
    return new Promise<Result>((resolve, reject) => {
      call.resolve = resolve
      call.reject = reject
    })
  }

  #accept(call: Call<Result>, value: unknown): void {
    let result: Result
    try {
      result = this.#rule.accept(value, this.plugin)
    } catch (error) {
      this.#fail(call, messageOf(error))
      return
    }
    this.#observe(call.start, true)
    call.resolve(result)
  }

  #fail(call: Call<Result>, why: string, cause?: unknown): HoldfastError {
    this.#observe(call.start, false)
    const failure = this.#failure(why, cause)
    if (this.#rule.failed) call.resolve(this.#rule.failed(failure, this.plugin))
    else call.reject(failure)
    return failure
  }

  readonly #giveUp = (call: Call<Result>, why: 'late' | 'stopped'): void => {
    this.#hanging.add(call)
    const said =
      why === 'late' ? `took longer than ${this.#timeLimit} ms` : 'had not ended when the node stopped'
    CallContext.abort(call.context, this.#fail(call, said))
  }

  /** False for a call that had been given up; it only frees the tap. */
  #ended(call: Call<Result>): boolean {
    CallContext.end(call.context)
    if (this.#hanging.size === 0 || !this.#hanging.delete(call)) {
      this.#parts.watchdog.leave(call)
      return true
    }
    if (this.#hanging.size === 0) for (const fn of this.#waiting.splice(0)) fn()
    return false
  }

  #refuse(why: string, cause?: unknown): Promise<Result> {
    const failure = this.#failure(why, cause)
    const { failed } = this.#rule
    return failed ? Promise.resolve(failed(failure, this.plugin)) : Promise.reject(failure)
  }

  /** What a failed tap is known by is shown in many places: no secret gets out of here. */
  #failure(said: string, thrown: unknown): HoldfastError {
    const { hook, plugin } = this
    const { secrets } = this.#parts
    const why = secrets.mask(said)
    const cause = secrets.shown(thrown)
    this.record.failures++
    this.record.lastError = { message: why, at: this.#parts.clock.now() }
    return new HoldfastError('HF_TAP_FAILED', `the ${hook} tap of plugin ${plugin} ${why}`, {
      context: { hook, plugin, why },
      cause,
    })
  }

  #observe(start: number, ok: boolean): void {
    const ms = this.#parts.clock.monotonic() - start
    this.record.totalMs += ms
    this.#seconds[ok ? 'ok' : 'failed'].observe(ms / 1000)
  }
}

/** For messages: what an answer of the wrong kind is. */
export function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value
}

/** The rule of hooks whose taps have nothing to answer. */
export function acceptNothing(answer: unknown): void {
  if (answer !== undefined) throw new TypeError(`resolved with ${kindOf(answer)}, not with undefined`)
}
