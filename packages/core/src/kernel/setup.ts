import type { Secrets } from '../config/secrets.ts'
import { isHoldfastError, messageOf } from '../errors.ts'
import type { JobRunner } from '../jobs/runner.ts'
import { forget } from '../thenable.ts'
import { type AssembledPlugin, assemblyInvalid } from './assembly.ts'
import type { Plugin, PluginContext } from './plugin.ts'
import type { Registrations } from './registrations.ts'

export interface SetupParts {
  readonly registrations: Registrations
  readonly runner: JobRunner
  readonly secrets: Secrets
  /** The members of the context that come from the node. */
  readonly context: (plugin: Plugin) => object
}

/** Runs a plugin's `setup`, once. @throws HF_ASSEMBLY_INVALID, or the coded error of what it called */
export function setUp({ plugin, config }: AssembledPlugin, parts: SetupParts): void {
  const { registrations, runner, secrets } = parts
  const context = {
    ...parts.context(plugin),
    config,
    jobs: {
      define: (job: Parameters<JobRunner['define']>[1]) => {
        registrations.mustBeOpen(plugin, 'defines a job')
        runner.define(plugin.id, job, () => registrations.needed(plugin))
      },
    },
    provide: (name: string, create: never) => registrations.provide(plugin, name, create),
    onStart: (fn: never) => void registrations.onStart.push({ plugin, fn }),
    onStop: (fn: never) => void registrations.onStop.push({ plugin, fn }),
  } as unknown as PluginContext<never, never, never>
  try {
    const result: unknown = plugin.setup(Object.freeze(context) as never)
    if (result !== undefined) {
      forget(result)
      throw new TypeError('setup returned a value; it must be synchronous and return nothing')
    }
  } catch (thrown) {
    const error = secrets.shown(thrown)
    // A coded error (a sealed hook, an undeliverable one) already says what to do.
    if (isHoldfastError(error)) throw error
    throw assemblyInvalid([{ plugin: plugin.name, problem: `its setup failed: ${messageOf(error)}` }], error)
  }
  for (const service of plugin.provides)
    if (!registrations.has(service))
      throw assemblyInvalid([
        { plugin: plugin.name, problem: `says that it provides ${service}, but its setup does not` },
      ])
}
