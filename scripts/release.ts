// Publishes what is not on the registry yet: build, judge, order, ask the registry, publish. `--dry-run` does all but
// the last, and prints it. Nothing is published before everything has been judged. How to: CONTRIBUTING.md
import { mkdtempDisposableSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tarballProblems } from './release/judge.ts'
import { publishOrder } from './release/order.ts'
import { peerProblems } from './release/peers.ts'
import { planOf, type Step } from './release/plan.ts'
import { demandPnpm, PnpmFailed, pnpm } from './release/pnpm.ts'
import { provenance, provenanceProblems, publishArguments } from './release/publish.ts'
import { type Registered, registered } from './release/registry.ts'
import { packAll, type Tarball } from './release/tarball.ts'
import { treeProblems } from './release/tree-state.ts'
import { packagesOf, readArguments } from './workspace.ts'

class Refused extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
  }
}

const { root, has } = readArguments(['dry-run'])
const dryRun = has('dry-run')
const signed = provenance(process.env)

function say(what: string): void {
  console.log(`release: ${what}`)
}

/** What stops a release is only said in a dry run, if the rest can go on. */
function demand(problems: readonly string[], where: 'always' | 'to publish'): void {
  if (problems.length === 0) return
  if (where === 'always' || !dryRun) throw new Refused(problems)
  for (const problem of problems) say(`(would stop here) ${problem}`)
}

async function packed(folder: string): Promise<Tarball[]> {
  demand(treeProblems(root), 'to publish')
  demand(peerProblems(packagesOf(root)), 'always')
  say('builds')
  demandPnpm(root, ['run', 'build'])
  const tarballs = packAll(root, join(folder, 'packed'))
  say(`judges ${tarballs.length} tarballs, and imports them on each Node`)
  demand(await tarballProblems(root, join(folder, 'installed'), tarballs), 'always')
  demand(provenanceProblems(tarballs, signed), 'always')
  return tarballs
}

async function planned(tarballs: readonly Tarball[]): Promise<readonly Step[]> {
  const answers = await Promise.allSettled(tarballs.map(({ name }) => registered(root, name)))
  const silent = answers.filter((answer) => answer.status === 'rejected')
  demand(
    silent.map(({ reason }) => `${reason.message}; try again when it answers`),
    'to publish',
  )
  const registry = new Map(
    answers.map((answer, index): [string, Registered] => [
      tarballs[index]?.name ?? '',
      answer.status === 'fulfilled' ? answer.value : { kind: 'unknown-package' },
    ]),
  )
  const { steps, problems } = planOf(publishOrder(tarballs), registry)
  demand(problems, 'always')
  return steps
}

function publish(steps: readonly Step[]): void {
  for (const step of steps) {
    const what = `${step.tarball.name} ${step.tarball.version}`
    if (step.kind === 'skip') {
      say(`${what} is there already`)
      continue
    }
    const args = publishArguments(step, signed)
    say(`${what} as ${step.tag}: pnpm ${args.join(' ')}`)
    if (dryRun) continue
    const { status, stdout, stderr } = pnpm(root, args)
    if (status !== 0) {
      throw new Refused([
        `${what} was not published; what came before it was. Do this again when it is cured:\n${stdout}${stderr}`,
      ])
    }
  }
}

using folder = mkdtempDisposableSync(join(realpathSync(tmpdir()), 'holdfast-release-'))
try {
  const steps = await planned(await packed(folder.path))
  publish(steps)
  const fresh = steps.filter(({ kind }) => kind === 'publish').map(({ tarball }) => tarball)
  if (dryRun) {
    say(`dry run: ${fresh.length} would be published, nothing was`)
    if (!signed) say('without provenance, which only a CI that npm trusts can give')
  } else {
    demandPnpm(root, ['exec', 'changeset', 'git-tag'])
    // The workflow reads these lines, and announces the releases.
    for (const { name, version } of fresh) console.log(`New tag: ${name}@${version}`)
  }
} catch (error) {
  if (!(error instanceof Refused || error instanceof PnpmFailed)) throw error
  for (const problem of error.message.split('\n')) console.error(`release: ${problem}`)
  process.exitCode = 1
}
