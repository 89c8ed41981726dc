import { contentProblems } from './contents.ts'
import { lintProblems } from './lint.ts'
import { smokeProblems } from './smoke.ts'
import type { Tarball } from './tarball.ts'

/** Everything that is wrong with the tarballs. They are imported only when nothing else is wrong. */
export async function tarballProblems(
  root: string,
  outside: string,
  tarballs: readonly Tarball[],
): Promise<string[]> {
  const found = tarballs.flatMap((tarball) => contentProblems(tarball, tarballs))
  for (const tarball of tarballs) found.push(...(await lintProblems(tarball)))
  return found.length > 0 ? found : smokeProblems(root, outside, tarballs)
}
