import { type ErrorCode, HoldfastError } from '@holdfast/core'

export type LoadCode = Extract<
  ErrorCode,
  | 'HF_PLUGIN_NOT_INSTALLED'
  | 'HF_PLUGIN_DEPENDENCY_MISSING'
  | 'HF_PLUGIN_HIDDEN'
  | 'HF_PLUGIN_INVALID'
  | 'HF_PLUGIN_FAILED'
>

/** Why a plugin could not be loaded by its name, and what to do about it. */
export interface LoadProblem {
  /** As the config file names it. */
  readonly plugin: string
  readonly code: LoadCode
  readonly problem: string
}

/** Carries the problem of one plugin through the steps of its loading. */
export class LoadFailure extends Error {
  readonly code: LoadCode

  constructor(code: LoadCode, problem: string, cause?: unknown) {
    super(problem, { cause })
    this.code = code
  }
}

/** One error for all names that failed. */
export function pluginsNotLoaded(
  file: string,
  failures: readonly { readonly plugin: string; readonly failure: LoadFailure }[],
): HoldfastError {
  const problems = failures.map(
    ({ plugin, failure }): LoadProblem => ({ plugin, code: failure.code, problem: failure.message }),
  )
  const lines = problems.map(({ plugin, code, problem }) => `\n  - ${plugin}: ${code}: ${problem}`)
  const causes = failures.flatMap(({ failure }) => failure.cause ?? [])
  return new HoldfastError(
    'HF_PLUGINS_NOT_LOADED',
    `${file} names plugins that cannot be loaded:${lines.join('')}`,
    {
      operation: 'loadNode',
      context: { file, problems },
      cause: causes.length > 1 ? new AggregateError(causes) : causes[0],
    },
  )
}
