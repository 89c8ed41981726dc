import { readFileSync } from 'node:fs'
import { platformProblem } from '../platform.ts'
import { type Finding, failed, ok, warning } from './finding.ts'

/** Open files below which a node may run short: each reader and writer has one, and LMDB some. */
const FEW = 1024

/** Node, the system, and its limits. */
export function hostFindings(): readonly Finding[] {
  const problem = platformProblem(process)
  const { version, platform, arch } = process
  return [
    problem === undefined
      ? ok('node', `Node ${version.slice(1)}`)
      : failed('node', problem, 'install a newer Node'),
    platform === 'linux' && (arch === 'x64' || arch === 'arm64')
      ? ok('platform', `${platform} ${arch} is supported`)
      : warning('platform', `${platform} ${arch} is not tested`, 'run what matters on Linux, x64 or arm64'),
    ...openFiles(),
  ]
}

function openFiles(): readonly Finding[] {
  const limit = openFilesLimit()
  if (limit === undefined) return []
  return limit >= FEW
    ? [ok('open-files', `${limit === Number.POSITIVE_INFINITY ? 'any number of' : limit} files may be open`)]
    : [warning('open-files', `only ${limit} files may be open at once`, `allow more: ulimit -n ${4 * FEW}`)]
}

/** Undefined where the system does not say. */
function openFilesLimit(): number | undefined {
  try {
    const [, limit] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return limit === undefined || limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit)
  } catch {
    return undefined
  }
}
