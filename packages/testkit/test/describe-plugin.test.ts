import { readdirSync } from 'node:fs'
import { describePlugin, LAWS, type Law } from '@holdfast/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { surroundings, sweeper } from './broken-plugins/base/sweeper.ts'
import { type FailedCase, runBroken } from './run-broken.ts'

const sound = (options: object = {}) => sweeper({ options: { ...options } })
describePlugin('that is sound', sound, {
  ...surroundings(sound),
  program: new URL('sweeper-program.ts', import.meta.url),
})

const tapping = (options: object = {}) =>
  sweeper({
    options: { ...options },
    plain: () => ({}),
    setup({ hooks }) {
      const look = async () => undefined
      hooks.gate.tap(look)
      hooks.onManifestBatch.tap(look)
      hooks.onFileDeleted.tap(look)
      hooks.beforeSnapshotWrite.tap(look)
      hooks.inspectFile.tap(look)
    },
  })
describePlugin('that is sound, with a job that does not plan and all taps', tapping, surroundings(tapping))

/** Each flaw, the laws that it breaks, and words of the message that say how. */
const FLAWS: Readonly<Record<string, { readonly breaks: readonly Law[]; readonly how: string }>> = {
  'acts-in-a-dry-run': { breaks: ['dryRun', 'faults', 'gate'], how: 'a plan changed manifest or objects' },
  'answers-true': {
    breaks: ['tap', 'independence', 'gate', 'convergence', 'faults', 'cancellation', 'neighbour'],
    how: "with true: give { deny: 'why' } or undefined",
  },
  'answers-deletions': { breaks: ['events'], how: 'its tap of onFileDeleted fails' },
  'async-setup': { breaks: ['setup'], how: 'it must be synchronous' },
  'forgets-the-reset': { breaks: ['events'], how: 'its tap of onManifestBatch throws at a reset' },
  'hangs-before-snapshots': {
    breaks: ['events'],
    how: 'its tap of beforeSnapshotWrite has not taken a local snapshot in 1000 ms',
  },
  'hides-behind-a-date': { breaks: ['knobs'], how: 'does not say what a negative value means' },
  'ignores-the-gate': {
    breaks: ['gate', 'dryRun', 'convergence', 'cancellation'],
    how: 'before the gate was asked for the first chunk',
  },
  'leaves-a-listener': { breaks: ['stop'], how: '1 x process listener of SIGHUP' },
  'leaves-a-quiet-timer': { breaks: ['stop'], how: "1 x timer that was unref'd" },
  'leaves-a-timer': { breaks: ['stop'], how: 'timers of the clock are left after a stop' },
  'loses-counts': {
    breaks: ['cancellation', 'convergence'],
    how: 'it has lost the count of its finished chunk',
  },
  'never-converges': {
    breaks: ['convergence', 'independence', 'faults', 'cancellation'],
    how: 'a second run does more',
  },
  'no-crash-program': { breaks: ['crash'], how: 'the suite has no program to be killed there' },
  'opens-at-setup': { breaks: ['setup', 'stop'], how: 'its setup opens 1 x open file' },
  'plain-asks-once': { breaks: ['cancellation'], how: 'ask before each' },
  'plain-counts-at-the-end': {
    breaks: ['cancellation'],
    how: 'and the next run 10; undisturbed it does 1010',
  },
  'refuses-its-request': {
    breaks: ['dryRun', 'independence', 'gate', 'neighbour', 'convergence', 'faults', 'cancellation'],
    how: 'its request was refused',
  },
  'shares-state': {
    breaks: ['independence', 'dryRun', 'gate', 'convergence', 'cancellation'],
    how: 'plans something else when another node has run it',
  },
  'stumbles-over-small-files': { breaks: ['inspecting'], how: 'it throws at suite/file of 0 bytes' },
  'stumbles-over-zero': { breaks: ['knobs'], how: 'option maxAge crashes on 0' },
  'swallows-cancellation': {
    breaks: ['cancellation'],
    how: 'counts 1010 of 1010 files as done, and the next one finds 10',
  },
  'takes-a-negative-age': { breaks: ['knobs'], how: 'does not say what a negative value means' },
  'taps-in-a-second-node': { breaks: ['absent'], how: 'it taps beforeSnapshotWrite in some setups only' },
  'throws-at-batches': { breaks: ['events'], how: 'its tap of onManifestBatch fails' },
  'wrong-version': { breaks: ['metadata'], how: 'its version is not the version of its package' },
}

describe('describePlugin', () => {
  let failed: ReadonlyMap<string, readonly FailedCase[]>
  beforeAll(async () => {
    failed = await runBroken('broken-plugins')
  }, 600_000)

  it('[K-01] every broken plugin is looked at', () => {
    const files = readdirSync(new URL('broken-plugins', import.meta.url)).filter((name) =>
      name.endsWith('.ts'),
    )
    expect(files.map((name) => name.slice(0, -3)).sort()).toEqual(Object.keys(FLAWS).sort())
    expect([...failed.keys()].sort()).toEqual(Object.keys(FLAWS).sort())
  })

  it.each(Object.entries(FLAWS))(
    '[K-01] %s fails by the laws that it breaks, in their words',
    (name, flaw) => {
      const cases = failed.get(name) ?? []
      expect(lawsOf(cases)).toEqual([...flaw.breaks].sort())
      const [main] = flaw.breaks
      const told = cases.filter(({ message }) => message.includes(`breaks the law "${main && LAWS[main]}"`))
      expect(told.map(({ message }) => message).join('\n')).toContain(flaw.how)
      for (const { message } of cases) expect(message).toContain('holdfast-plugin-sweeper')
    },
  )
})

/** The laws that a file's failures name. A failure that names none shows as its own text. */
function lawsOf(cases: readonly FailedCase[]): string[] {
  const laws = Object.entries(LAWS)
  const named = cases.map(
    ({ message }) => laws.find(([, words]) => message.includes(`breaks the law "${words}"`))?.[0] ?? message,
  )
  return [...new Set(named)].sort()
}
