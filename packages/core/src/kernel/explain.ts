import type { TapStatus } from '../hooks/status.ts'
import type { Plugin } from './plugin.ts'

/** One plugin of a node, for people who ask what the node is made of and where its time goes. */
export interface PluginExplanation {
  readonly name: string
  readonly id: string
  readonly version: string
  readonly api: string
  readonly needs: readonly string[]
  readonly provides: readonly string[]
  readonly jobs: readonly string[]
  /** Its taps, with their calls and times since the start. */
  readonly taps: readonly TapStatus[]
  /** What its `setup` took, ms. */
  readonly setupMs: number
  /** What its services and `onStart` functions took, ms; undefined for what has not started. */
  readonly startMs: number | undefined
}

export interface NodeExplanation {
  /** In the order of their loading. */
  readonly plugins: readonly PluginExplanation[]
  toString(): string
}

export interface ExplanationParts {
  readonly plugins: readonly Plugin[]
  /** The jobs of a plugin, by its id. */
  readonly jobsOf: (plugin: string) => readonly string[]
  readonly taps: readonly TapStatus[]
  readonly setupMs: ReadonlyMap<string, number>
  readonly startMs: ReadonlyMap<string, number>
}

export function explain({ plugins, jobsOf, taps, setupMs, startMs }: ExplanationParts): NodeExplanation {
  const explained = plugins.map(
    ({ name, id, version, api, needs, provides }): PluginExplanation => ({
      name,
      id,
      version,
      api,
      needs,
      provides,
      jobs: jobsOf(id),
      taps: taps.filter(({ plugin }) => plugin === id),
      setupMs: setupMs.get(id) ?? 0,
      startMs: startMs.get(id),
    }),
  )
  return { plugins: explained, toString: () => explained.flatMap(linesOf).join('\n') }
}

function linesOf(plugin: PluginExplanation): string[] {
  const { name, version, id, api, startMs, taps } = plugin
  const started = startMs === undefined ? '' : `, started in ${ms(startMs)}`
  const list = (what: string, items: readonly string[]) =>
    items.length > 0 ? [`  ${what} ${items.join(', ')}`] : []
  return [
    `${id}: ${name} ${version}, api ${api}, set up in ${ms(plugin.setupMs)}${started}`,
    ...list('needs', plugin.needs),
    ...list('provides', plugin.provides),
    ...list('jobs', plugin.jobs),
    ...taps.map(({ hook, calls, failures, totalMs }) => {
      const each = calls > 0 ? `, ${ms(totalMs / calls)} each` : ''
      return `  taps ${hook}: ${calls} calls, ${failures} failed${each}`
    }),
  ]
}

function ms(time: number): string {
  return `${time.toFixed(time < 10 ? 2 : 0)} ms`
}
