import { definePlugin, type GateAction, type Plugin, type PluginSpec } from '@holdfast/core'
import { type Inventory, inventory, moreThan } from './inventory.ts'

/** A tap as the plugin gave it, without the kernel's guard. */
export interface ObservedTap {
  readonly hook: string
  readonly fn: (event: object, context: { readonly signal: AbortSignal }) => Promise<unknown>
}

export interface ObservedJob {
  readonly name: string
  readonly doc: string
  readonly action?: GateAction
  /** Of a job without a plan. */
  readonly run?: unknown
}

/** What a plugin did in its last setup. */
export interface Observed {
  jobs: ObservedJob[]
  services: string[]
  taps: ObservedTap[]
  config: Readonly<Record<string, unknown>>
  /** What was there after the setup and not before. */
  opened: readonly string[]
}

interface Context {
  readonly config: Readonly<Record<string, unknown>>
  readonly hooks: Readonly<Record<string, { tap(...args: unknown[]): void }>>
  readonly jobs: { define(job: ObservedJob): void }
  provide(name: string, create: unknown): void
}

/** The same plugin with its setup watched. Give `options` to set it up with others than its factory got. */
export function observed(
  plugin: Plugin,
  options: Plugin['options'] = plugin.options,
): { readonly plugin: Plugin; readonly seen: Observed } {
  const seen: Observed = { jobs: [], services: [], taps: [], config: {}, opened: [] }
  const setup = (ctx: Context) => {
    Object.assign(seen, { jobs: [], services: [], taps: [], config: ctx.config, opened: [] })
    const before: Inventory = inventory()
    const result: unknown = plugin.setup(watched(ctx, seen) as never)
    seen.opened = moreThan(before, inventory())
    // The kernel judges it.
    return result
  }
  const spec = { ...plugin, options, setup }
  return { plugin: definePlugin(spec as unknown as PluginSpec<never, never, never>), seen }
}

function watched(ctx: Context, seen: Observed): Context {
  const hooks = Object.fromEntries(
    Object.entries(ctx.hooks).map(([name, port]) => {
      const tap = (...args: unknown[]) => {
        port.tap(...args)
        seen.taps.push({ hook: name, fn: args.at(-1) as ObservedTap['fn'] })
      }
      return [name, { ...port, tap }]
    }),
  )
  return Object.freeze({
    ...ctx,
    hooks,
    jobs: {
      ...ctx.jobs,
      define(job: ObservedJob) {
        ctx.jobs.define(job)
        seen.jobs.push(job)
      },
    },
    provide(name: string, create: unknown) {
      ctx.provide(name, create)
      seen.services.push(name)
    },
  })
}
