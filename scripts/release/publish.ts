import type { Step } from './plan.ts'
import type { Tarball } from './tarball.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Whether this CI can sign where a tarball was built: npm takes the word of GitHub and of GitLab. */
export function provenance(env: Environment): boolean {
  if (env.GITHUB_ACTIONS === 'true') return env.ACTIONS_ID_TOKEN_REQUEST_URL !== undefined
  return env.GITLAB_CI === 'true' && env.SIGSTORE_ID_TOKEN !== undefined
}

/** The arguments of pnpm that publish a tarball. */
export function publishArguments(
  { tarball, tag }: Extract<Step, { kind: 'publish' }>,
  signed: boolean,
): string[] {
  const { file } = tarball
  // Whether the tree is clean has been asked before.
  const args = ['publish', file, '--access', 'public', '--tag', tag, '--no-git-checks']
  return signed ? [...args, '--provenance'] : args
}

/** npm compares the repository in package.json with the one that has signed. */
export function provenanceProblems(tarballs: readonly Tarball[], signed: boolean): string[] {
  if (!signed) return []
  return tarballs
    .filter(({ manifest }) => manifest.repository === undefined)
    .map(({ name }) => `${name} has no "repository" in its package.json, which provenance needs: add it`)
}
