import { describe, expect, it } from 'vitest'
import { inFlight, WITH_JOBS } from './jobs.ts'
import { BESIDE, digestOf, jsonLines, nodeAt, scene } from './place.ts'
import { begin, PATIENT } from './processes.ts'

const DRAFTS = { 'drafts/a': 'one', 'drafts/b': 'two', 'kept/c': 'three' }
const PLAN = [
  'createdAt',
  'digest',
  'expiresAt',
  'id',
  'job',
  'kept',
  'node',
  'overLimit',
  'request',
  'totals',
]
const RUN = [
  ...['actor', 'capHit', 'chunks', 'done', 'dryRun', 'endedAt', 'epoch', 'id', 'job', 'kept', 'node'],
  ...['outcome', 'overLimit', 'plan', 'planned', 'role', 'skipped', 'startedAt'],
]

interface Plan {
  readonly plan: { readonly id: string; readonly overLimit: readonly { readonly limit: string }[] }
}

describe.each(BESIDE)('holdfast job, a node that is %s', PATIENT, (beside) => {
  it('[R-14] plan shows what a job of a third party would do, and changes nothing', async () => {
    const at = await scene(beside, DRAFTS, WITH_JOBS)
    const before = await digestOf(at)
    const human = await at.hold(['job', 'plan', 'tidy', '--items', '1'])
    expect(human).toMatchObject({ code: 0, stderr: '' })
    expect(human.stdout.split('\n')).toEqual([
      'SIZE  REASON  PATH',
      ' 3 B  tidy    drafts/a',
      'and 1 file more',
      'tidy would take 2 files, 6 B',
      expect.stringMatching(/^plan \w{26}, good until /),
      expect.stringMatching(/^to do exactly this: holdfast job run tidy --plan \w{26} --act$/),
      '',
    ])
    const json = jsonLines((await at.hold(['job', 'run', 'tidy', '--json'])).stdout)
    expect(json.map((line) => line.path ?? Object.keys(line.plan as object).sort())).toEqual([
      'drafts/a',
      'drafts/b',
      PLAN,
    ])
    expect(await digestOf(at)).toBe(before)
  })

  it('[C-23] run does exactly what a plan said, with a cap what is left of it', async () => {
    const at = await scene(beside, DRAFTS, WITH_JOBS)
    const [, , { plan }] = jsonLines<Plan>((await at.hold(['job', 'plan', 'tidy', '--json'])).stdout) as [
      Plan,
      Plan,
      Plan,
    ]
    const capped = await at.hold(['job', 'run', 'tidy', '--plan', plan.id, '--cap', '1', '--act'])
    expect(capped).toMatchObject({ code: 0, stdout: expect.stringContaining('the cap was reached') })
    const rest = await at.hold(['job', 'run', 'tidy', '--plan', plan.id, '--act', '--json'])
    const [run] = jsonLines(rest.stdout)
    expect(Object.keys(run as object).sort()).toEqual(RUN)
    expect(run).toMatchObject({ done: { files: 1 }, outcome: { status: 'completed' } })
    // What it was asked stands in the plan: nothing of it is left out in silence.
    const asked = await at.hold(['job', 'run', 'tidy', '--plan', plan.id, '--set', 'slow=1', '--act'])
    expect(asked).toMatchObject({ code: 1, stderr: expect.stringMatching(/^HF_REQUEST_INVALID/) })
    const ls = await at.hold(['files', 'ls', '--json'])
    expect(jsonLines(ls.stdout).map(({ path }) => path)).toEqual(['kept/c'])
  })

  it('[R-17] a plan over a limit is refused as a whole; --plan with --override goes over it', async () => {
    const many = Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`drafts/${at}`, 'x']))
    const at = await scene(beside, many, WITH_JOBS)
    const before = await digestOf(at)
    const over = await at.hold(['job', 'run', 'tidy', '--act'])
    expect(over).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('over its limit: files: 5, allowed 3'),
    })
    const planned = await at.hold(['job', 'plan', 'tidy', '--json'])
    expect(planned.code).toBe(3)
    expect(await digestOf(at)).toBe(before)
    const { plan } = jsonLines<Plan>(planned.stdout).at(-1) as Plan
    expect(plan.overLimit).toEqual([{ limit: 'files', planned: 5, allowed: 3 }])
    const again = await at.hold(['job', 'run', 'tidy', '--plan', plan.id, '--act'])
    expect(again.code).toBe(3)
    const done = await at.hold(['job', 'run', 'tidy', '--plan', plan.id, '--override', 'files', '--act'])
    expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/^tidy took 5 files/) })
  })

  it('[R-21] a job without a plan runs only when it is told to act', async () => {
    const at = await scene(beside, {}, WITH_JOBS)
    expect(await at.hold(['job', 'run', 'stamp'])).toEqual({
      code: 0,
      stdout: 'stamp cannot be planned: --act runs it\n',
      stderr: '',
    })
    const asked = await at.hold(['job', 'run', 'stamp', '--json'])
    expect(jsonLines(asked.stdout)).toEqual([{ job: 'stamp', plans: false, acted: false }])
    const run = await at.hold(['job', 'run', 'stamp', '--set', 'chunks=3', '--act'])
    expect(run).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^stamp took 3 files, 0 B in .*, 3 chunks: completed/),
    })
    expect(await at.hold(['job', 'plan', 'stamp'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('it has no plan; run it'),
    })
    const shown = await at.hold(['job', 'show', 'stamp', '--json'])
    const [{ status, runs }] = jsonLines<{ status: object; runs: object[] }>(shown.stdout) as [
      { status: object; runs: object[] },
    ]
    expect(Object.keys(status).sort()).toEqual([
      ...['doc', 'enabled', 'job', 'lastRun', 'plans', 'timeZone', 'verdict'],
    ])
    expect(runs).toHaveLength(1)
  })

  it('[R-10] Ctrl-C ends a run between two chunks and shows its record', async () => {
    const { root, hold } = await scene(beside, {}, WITH_JOBS)
    const run = begin(root, [
      'job',
      'run',
      'stamp',
      '--set',
      'chunks=10000',
      '--set',
      'pause=20',
      '--act',
      '--json',
    ])
    await expect.poll(() => inFlight(hold), { timeout: 60_000 }).toBeDefined()
    run.child.kill('SIGINT')
    const { code, stdout } = await run.ended
    expect(code).toBe(130)
    const [record] = jsonLines(stdout)
    expect(record).toMatchObject({ outcome: { status: 'aborted', reason: 'cancelled' } })
    expect(record).not.toMatchObject({ done: { files: 0 } })
  })

  it('[R-10] job cancel in another terminal ends a run between two chunks', async () => {
    const { root, hold } = await scene(beside, {}, WITH_JOBS)
    const run = begin(root, ['job', 'run', 'stamp', '--set', 'chunks=10000', '--set', 'pause=20', '--act'])
    await expect.poll(() => inFlight(hold), { timeout: 60_000 }).toBeDefined()
    const cancelled = await hold(['job', 'cancel', 'stamp', '--json'])
    expect(cancelled.code).toBe(0)
    expect(jsonLines(cancelled.stdout)).toEqual([{ run: expect.stringMatching(/^\w{26}$/) }])
    const { code, stdout } = await run.ended
    expect({ code, stdout }).toEqual({ code: 4, stdout: expect.stringContaining('aborted (cancelled)') })
    expect(await hold(['job', 'cancel', 'stamp'])).toMatchObject({
      code: 1,
      stdout: 'no run of stamp is in flight\n',
    })
  })

  it('[R-10] Ctrl-C ends a plan that takes its time', async () => {
    const { root, node } = await scene(beside, DRAFTS, WITH_JOBS)
    const plan = begin(root, ['job', 'plan', 'tidy', '--set', 'slow=600000', '--json'])
    await (node ?? plan).said('tidy plans')
    plan.child.kill('SIGINT')
    expect(await plan.ended).toMatchObject({ code: 130, stdout: '' })
  })
})

describe('holdfast job, on any node', PATIENT, () => {
  it('[A-02] ls shows every job of every plugin, and unknown ones are named', async () => {
    const { hold } = await scene('own', {}, WITH_JOBS)
    const human = await hold(['job', 'ls'])
    expect(human.stdout.split('\n').map((line) => line.replace(/ {2,}/g, '|'))).toEqual([
      'JOB|SCHEDULE|NEXT|MAY RUN|LAST RUN',
      'retention|off|-|yes|-',
      'retention-inspect|off|-|yes|-',
      'tidy|off|-|yes|-',
      'stamp|off|-|yes|-',
      '',
    ])
    for (const args of [['plan'], ['run', '--act'], ['show'], ['cancel']])
      expect(await hold(['job', args[0] as string, 'tidi', ...args.slice(1)])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(
          'HF_JOB_UNKNOWN: no job "tidi"; this node has retention, retention-inspect, tidy, stamp',
        ),
      })
  })

  it('[R-10] a client that is killed cancels its run', async () => {
    const at = await scene('running', {}, WITH_JOBS)
    const run = begin(at.root, ['job', 'run', 'stamp', '--set', 'chunks=10000', '--set', 'pause=20', '--act'])
    await expect.poll(() => inFlight(at.hold), { timeout: 60_000 }).toBeDefined()
    run.child.kill('SIGKILL')
    await expect.poll(() => inFlight(at.hold), { timeout: 60_000 }).toBeUndefined()
    const [shown] = jsonLines<{ runs: object[] }>((await at.hold(['job', 'show', 'stamp', '--json'])).stdout)
    expect(shown?.runs).toMatchObject([{ outcome: { reason: 'cancelled', code: 'HF_STOPPED' } }])
  })

  it('[K-17] SIGTERM of the node waits for a run of a client, which gets its record', async () => {
    const { root, node, hold } = await scene('running', {}, WITH_JOBS)
    const run = begin(root, [
      'job',
      'run',
      'stamp',
      '--set',
      'chunks=300',
      '--set',
      'pause=20',
      '--act',
      '--json',
    ])
    await expect.poll(() => inFlight(hold), { timeout: 60_000 }).toBeDefined()
    node?.child.kill('SIGTERM')
    const { code, stdout } = await run.ended
    expect(code).toBe(0)
    expect(jsonLines(stdout)).toMatchObject([{ done: { files: 300 }, outcome: { status: 'completed' } }])
    expect((await node?.ended)?.code).toBe(0)
    await using after = await nodeAt({ root, data: `${root}/data`, files: `${root}/files` }).start()
    expect(after.service('manifest').check()).toEqual([])
  })
})
