import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { problemAffectsResolutionKind, problemKindInfo } from '@arethetypeswrong/core/problems'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { bytesOf, entriesOf, type Tarball } from './tarball.ts'

/** How programs of today find an ES module: Node, and bundlers. Our packages have no other form. */
const RESOLUTIONS = ['node16-esm', 'bundler'] as const

/** What publint and "Are the types wrong?" say of a tarball. */
export async function lintProblems(tarball: Tarball): Promise<string[]> {
  const said = [...(await packageProblems(tarball)), ...(await typeProblems(tarball))]
  return [...new Set(said)].map((problem) => `${tarball.name} ${problem}`)
}

async function packageProblems(tarball: Tarball): Promise<string[]> {
  const { messages, pkg } = await publint({
    pack: { tarball: bytesOf(tarball).buffer },
    level: 'warning',
    strict: true,
  })
  return messages.map((message) => `(publint, ${message.code}): ${formatMessage(message, pkg)}`)
}

async function typeProblems(tarball: Tarball): Promise<string[]> {
  if (entriesOf(tarball.manifest).length === 0) return []
  const analysis = await checkPackage(createPackageFromTarballData(bytesOf(tarball)))
  if (!analysis.types)
    return ['(types): has no types: its exports need a "types" condition, and pnpm run build']
  return analysis.problems
    .filter((problem) => RESOLUTIONS.some((kind) => problemAffectsResolutionKind(problem, kind, analysis)))
    .map((problem) => {
      const where = 'entrypoint' in problem ? ` of ${problem.entrypoint}` : ''
      return `(types, ${problem.kind}${where}): ${problemKindInfo[problem.kind].shortDescription}`
    })
}
