import { type ErrorCode, type HoldfastNode, isHoldfastError, messageOf } from '@holdfast/core'
import { loadNode } from '../load-node.ts'
import type { LoadProblem } from '../loading/load-problem.ts'
import { type Finding, failed, ok } from './finding.ts'

/** The node that the config file describes, not started; or everything that is wrong with it. */
export async function assemble(configFile: string): Promise<{
  readonly node?: HoldfastNode
  readonly findings: readonly Finding[]
}> {
  try {
    const node = await loadNode(configFile, { schedules: 'off', log: 'silent' })
    const plugins = node.explain().plugins.map(({ id, name, version, api }) => {
      return ok('plugin', `${id}: ${name} ${version}, api ${api}`)
    })
    return { node, findings: [ok('config', 'the config file loads'), ...plugins] }
  } catch (error) {
    return { findings: problemsOf(error) }
  }
}

function problemsOf(error: unknown): readonly Finding[] {
  if (!isHoldfastError(error))
    return [failed('config', messageOf(error), 'a plugin threw this: ask its author, or leave it out')]
  const { problems = [], file } = error.context as {
    readonly problems?: readonly (string | Pick<LoadProblem, 'plugin' | 'problem'>)[]
    readonly file?: string
  }
  const cure = CURES[error.code] ?? `see ${error.code} in docs/errors.md`
  if (problems.length === 0) return [failed('config', error.message, cure)]
  return problems.map((problem) =>
    typeof problem === 'string'
      ? failed('config', `${file}: ${problem}`, cure)
      : failed('plugin', `${problem.plugin}: ${problem.problem}`, cure),
  )
}

const CURES: Partial<Record<ErrorCode, string>> = {
  HF_CONFIG_INVALID: 'mend the config file, or name another with -c; "holdfast init" writes a first one',
  HF_PLUGINS_NOT_LOADED:
    'install it beside the config file, or take its name out; "holdfast verify" says more',
  HF_ASSEMBLY_INVALID: 'change the setting or the plugin; docs/configuration.md says what each takes',
}
