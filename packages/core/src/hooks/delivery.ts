import type { Clock } from '../clock.ts'
import type { Secrets } from '../config/secrets.ts'
import { HoldfastError } from '../errors.ts'
import type { FailpointRegistry } from '../failpoints.ts'
import type { Logger } from '../log.ts'
import type { TruncationFloor } from '../manifest/floor.ts'
import { settlesWithin } from '../patience.ts'
import type { CallOptions } from '../storage/backend.ts'
import { Consumer, type ConsumerParts } from './consumer.ts'
import { type BatchSource, type ConsumerName, DURABLE_HOOKS, type DurableHook } from './consumers.ts'
import { CursorSaver } from './cursor-saver.ts'
import { floorOf, untilReset } from './floor.ts'
import type { DurableHooks, Hooks } from './hooks.ts'
import type { HookName } from './ports.ts'
import type { ConsumerStatus, HooksStatus, NodeHooks, TapStatus } from './status.ts'

export interface DeliveryParts {
  readonly hooks: Hooks
  readonly clock: Clock
  readonly log: Logger
  readonly secrets: Secrets
  readonly failpoints: FailpointRegistry
}

/** What is there from the start of the node's services on. */
interface Opened {
  readonly source: BatchSource
  readonly saver: CursorSaver
  readonly consumers: readonly (Consumer<'onManifestBatch'> | Consumer<'onFileDeleted'>)[]
}

const HOOKS: readonly HookName[] = ['gate', ...DURABLE_HOOKS, 'beforeSnapshotWrite', 'inspectFile']

/** Delivers the durable hooks: one consumer a tap, and the view that the node's owner has of them. */
export class Delivery implements NodeHooks {
  readonly #parts: DeliveryParts
  readonly #stopping = new AbortController()
  #opened: Opened | undefined
  #unlisten: (() => void) | undefined

  constructor(parts: DeliveryParts) {
    this.#parts = parts
  }

  /** The taps that need a source. */
  get names(): ConsumerName[] {
    const { hooks } = this.#parts
    return DURABLE_HOOKS.flatMap((hook) => hooks[hook].taps.map(({ plugin }) => ({ hook, plugin })))
  }

  /** Gives every tap its cursor; before anything of this start is committed by a plugin. */
  async open(source: BatchSource): Promise<void> {
    const { clock, log, secrets, failpoints } = this.#parts
    const { names } = this
    if (failpoints.armed && names.length > 0) await failpoints.hit('hook.cursor.before')
    await source.enroll(names)
    if (failpoints.armed && names.length > 0) await failpoints.hit('hook.cursor.after')
    const saver = new CursorSaver({ source, clock, log, failpoints })
    const parts = { source, saver, clock, log, secrets, stopping: this.#stopping.signal }
    const consumers = [
      ...this.#consumersOf('onManifestBatch', parts),
      ...this.#consumersOf('onFileDeleted', parts),
    ]
    this.#opened = { source, saver, consumers }
    for (const { hook, plugin, lag } of this.#absent())
      log.warn({ hook, plugin, lag }, 'events are kept for a plugin that is not on this node')
  }

  #consumersOf<H extends DurableHook>(hook: H, parts: ConsumerParts): Consumer<H>[] {
    const hooks: DurableHooks = this.#parts.hooks
    const rows = parts.source.consumers().filter((row) => row.hook === hook)
    return hooks[hook].taps.flatMap((tap) => {
      const row = rows.find(({ plugin }) => plugin === tap.plugin)
      return row ? [new Consumer(hook, tap, row, parts)] : []
    })
  }

  /** From here on events are delivered; when everything that a tap may use has started. */
  begin(): void {
    if (!this.#opened) return
    const { source, consumers } = this.#opened
    if (consumers.length === 0) return
    this.#unlisten = source.onCommitted(() => {
      for (const consumer of consumers) consumer.wake()
    })
    for (const consumer of consumers) consumer.begin()
  }

  /** Ends delivery. Calls that do not end within the deadline (ms) are left behind, and repeated by the next start. */
  async end(deadline: number): Promise<void> {
    this.#stopping.abort(new HoldfastError('HF_STOPPED', 'the node is stopping', { kind: 'aborted' }))
    this.#unlisten?.()
    const { consumers = [], saver } = this.#opened ?? {}
    const ended = Promise.all(consumers.map((consumer) => consumer.end()))
    await settlesWithin(ended, { clock: this.#parts.clock, ms: deadline })
    await saver?.end()
    this.#parts.hooks.watchdog.rest()
  }

  status(): HooksStatus {
    const { consumers = [], source } = this.#opened ?? {}
    const head = source?.head().index ?? 0
    return {
      consumers: [...consumers.map((consumer) => consumer.status(head, source?.ceiling)), ...this.#absent()],
      taps: HOOKS.flatMap((hook) => this.#taps(hook)),
    }
  }

  #taps(hook: HookName): TapStatus[] {
    const { hooks, clock } = this.#parts
    return hooks[hook].taps.map(({ plugin, record, hangingFor }) => ({
      hook,
      plugin,
      ...record,
      ...(hangingFor !== undefined && { hangingSince: Math.round(clock.now() - hangingFor) }),
    }))
  }

  #absent(): ConsumerStatus[] {
    const { source } = this.#opened ?? {}
    if (!source) return []
    const head = source.head().index
    return source.consumers().flatMap(({ hook, plugin, cursor, failure }) =>
      this.#isHere(hook, plugin)
        ? []
        : [
            {
              hook,
              plugin,
              state: 'absent',
              cursor,
              lag: head - cursor.position.index,
              ...untilReset(hook, head - cursor.position.index, source.ceiling),
              attempts: failure?.attempts ?? 0,
              ...(failure && { lastError: failure.message }),
            },
          ],
    )
  }

  #isHere(hook: DurableHook, plugin: string): boolean {
    return this.#parts.hooks[hook].taps.some((tap) => tap.plugin === plugin)
  }

  retry(plugin?: string): number {
    const { consumers = [] } = this.#opened ?? {}
    const asked = consumers.filter((consumer) => plugin === undefined || consumer.plugin === plugin)
    return asked.filter((consumer) => consumer.retry()).length
  }

  async forget(plugin: string): Promise<number> {
    const { source } = this.#opened ?? {}
    const gone = this.#absent().filter((consumer) => consumer.plugin === plugin)
    if (gone.length > 0) await source?.forget(gone)
    else if (this.names.some((name) => name.plugin === plugin))
      throw new HoldfastError(
        'HF_REQUEST_INVALID',
        `the taps of plugin ${plugin} are on this node; take it out of the node before its cursors are forgotten`,
        { operation: 'hooks.forget', context: { plugin, problems: ['its taps are on this node'] } },
      )
    return gone.length
  }

  floor({ ceiling }: { readonly ceiling?: number } = {}): TruncationFloor {
    const { source } = this.#opened ?? {}
    if (!source) return { kind: 'none' }
    return floorOf(source.consumers(), source.head(), ceiling)
  }

  async drain({ signal }: CallOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    const { consumers = [], saver } = this.#opened ?? {}
    const idle = Promise.all(
      consumers.map((consumer) => {
        consumer.wake()
        return consumer.idle()
      }),
    )
    await settlesWithin(idle, { clock: this.#parts.clock, ms: Number.POSITIVE_INFINITY, signal })
    signal?.throwIfAborted()
    await idle
    await saver?.flush()
  }
}
