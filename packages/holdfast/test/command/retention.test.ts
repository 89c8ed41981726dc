import { describe, expect, it } from 'vitest'
import { BESIDE, digestOf, jsonLines, place, scene } from './place.ts'
import { PATIENT, run } from './processes.ts'

const POLICY = ['active', 'buffer', 'id', 'keepNewest', 'match', 'maxAge', 'minAge', 'overrides']
const EXPLAINED = [
  ...['by', 'due', 'dueFrom', 'earlier', 'entry', 'holds', 'limits', 'path', 'policies', 'schedule', 'state'],
]

describe.each(BESIDE)('holdfast retention, a node that is %s', PATIENT, (beside) => {
  it('[R-22] policies of the run time are set, listed and removed; declared ones are not', async () => {
    const { hold } = await scene(beside, {})
    const set = await hold([
      'retention',
      'policies',
      'set',
      '{"id":"drafts","match":"drafts/**","maxAge":"7d"}',
      '--act',
      '--json',
    ])
    expect(jsonLines(set.stdout).map((policy) => Object.keys(policy).sort())).toEqual([POLICY])
    const listed = await hold(['retention', 'policies', '--json'])
    const policies = jsonLines<{ policy: { id: string }; source: string }>(listed.stdout)
    expect(policies.map(({ policy, source }) => [policy.id, source])).toEqual([
      ['drafts', 'run-time'],
      ['raw', 'declared'],
    ])
    expect(Object.keys(policies[0] as object).sort()).toEqual(['nodes', 'policy', 'shared', 'source'])
    expect((await hold(['retention', 'policies', 'ls'])).stdout).toMatch(/^drafts {2}drafts\/\*\* {2}7d/m)
    for (const args of [
      ['rm', 'raw'],
      ['set', '{"id":"raw","match":"**","maxAge":"1d"}'],
    ])
      expect(await hold(['retention', 'policies', ...args, '--act'])).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(/^HF_POLICY_DECLARED/),
      })
    const gone = await hold(['retention', 'policies', 'rm', 'drafts', '--act'])
    expect(gone.stdout).toBe('policy drafts is gone\n')
    for (const act of [[], ['--act']])
      expect((await hold(['retention', 'policies', 'rm', 'drafts', ...act])).code).toBe(1)
  })

  it('[R-21] a policy is set and removed only when it is told to act; until then it is simulated', async () => {
    const at = await scene(beside)
    const policies = (...args: string[]) => at.hold(['retention', 'policies', ...args])
    const keeper = '{"id":"keeper","match":"raw/**/a.csv","maxAge":"3650d"}'
    const before = await digestOf(at)
    expect(await policies('set', keeper)).toMatchObject({
      code: 0,
      stdout:
        'Set policy keeper? by the policies as they are 2 files, 16 B would go, then 1 file, 8 B; --act does it\n',
    })
    expect(await digestOf(at)).toBe(before)
    expect((await policies('set', keeper, '--act')).code).toBe(0)
    const set = await digestOf(at)
    expect(jsonLines((await policies('rm', 'keeper', '--json')).stdout)).toMatchObject([
      { acted: false, current: { files: 1 }, simulated: { files: 2 } },
    ])
    expect(await digestOf(at)).toBe(set)
  })

  it('[R-16] run takes what plan has shown, and undo of the run brings all of it back', async () => {
    const at = await scene(beside)
    const before = await digestOf(at)
    const plan = await at.hold(['retention', 'plan'])
    expect(plan).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('retention would take 2 files, 16 B'),
    })
    expect((await at.hold(['retention', 'run'])).stdout).toContain('retention would take 2 files, 16 B')
    expect(await digestOf(at)).toBe(before)
    const ran = await at.hold(['retention', 'run', '--act', '--json'])
    expect(ran.code).toBe(0)
    const [record] = jsonLines<{ id: string }>(ran.stdout)
    const left = jsonLines((await at.hold(['files', 'ls', '--json'])).stdout)
    expect(left.map(({ path }) => path)).toEqual(['kept/2020/01/01/00/c.csv'])
    const undone = await at.hold(['retention', 'undo', record?.id as string, '--json'])
    expect(jsonLines(undone.stdout)).toEqual([
      {
        of: 'run',
        undone: { files: 2, skipped: {}, samples: [], reasons: { 'retention:raw': 2 }, policies: ['raw'] },
      },
    ])
    expect(jsonLines((await at.hold(['files', 'ls', '--json'])).stdout)).toHaveLength(3)
    // There is nothing left to bring back.
    expect(await at.hold(['retention', 'undo', record?.id as string])).toMatchObject({
      code: 1,
      stdout: 'there is no such run, or nothing that it took is left to come back\n',
    })
  })

  it('[R-17] --max-files refuses a run of more, and says by how much', async () => {
    const at = await scene(beside)
    const before = await digestOf(at)
    const { code, stdout } = await at.hold(['retention', 'run', '--max-files', '1', '--act'])
    expect({ code, stdout }).toEqual({
      code: 3,
      stdout: expect.stringContaining('over its limit: files: 2, allowed 1'),
    })
    expect(await digestOf(at)).toBe(before)
  })

  it('[R-20] explain and simulate say what would become of files, and change nothing', async () => {
    const at = await scene(beside)
    const before = await digestOf(at)
    const path = 'raw/2020/01/01/00/a.csv'
    expect((await at.hold(['explain', path])).stdout.split('\n')).toEqual([
      expect.stringMatching(/^raw\/.* is live, 8 B, newest row 2020-01-01 00:59:59, written /),
      expect.stringMatching(/^ {2}policy raw: takes, older than maxAge; takes it from /),
      '  it is due: the next run takes it; retention runs only when it is asked to',
      '',
    ])
    const [explained] = jsonLines((await at.hold(['explain', path, '--json'])).stdout)
    expect(Object.keys(explained as object).sort()).toEqual(EXPLAINED)
    expect(await at.hold(['explain', 'none'])).toEqual({ code: 1, stdout: 'none is unknown\n', stderr: '' })
    const simulated = await at.hold(['retention', 'simulate', '--max-age', '36500d'])
    expect(simulated.stdout.split('\n')).toEqual([
      'NAMESPACE  DAY         NOW FILES  NOW BYTES  THEN FILES  THEN BYTES',
      'raw        2020-01-01          2       16 B           0         0 B',
      'by the policies as they are: 2 files, 16 B',
      'by those of the simulation: 0 files, 0 B',
      '',
    ])
    const [simulation] = jsonLines(
      (await at.hold(['retention', 'simulate', '--max-age', '1d', '--json'])).stdout,
    )
    expect(Object.keys(simulation as object).sort()).toEqual(['current', 'days', 'kept', 'simulated'])
    expect(await digestOf(at)).toBe(before)
  })

  it('[R-18] what a hold covers is kept by every run, and explained; releasing takes a second word', async () => {
    const at = await scene(beside)
    const added = await at.hold([
      'hold',
      'add',
      '--folder',
      'raw',
      '--owner',
      'ada',
      '--id',
      'audit',
      '--json',
    ])
    expect(jsonLines(added.stdout)).toEqual([
      { id: 'audit', scope: { folder: 'raw' }, owner: 'ada', doomed: 0 },
    ])
    expect((await at.hold(['hold', 'ls'])).stdout.split('\n')).toEqual([
      'HOLD   OF          OWNER  UNTIL',
      'audit  folder raw  ada    released',
      '1 hold',
      '',
    ])
    const ran = await at.hold(['retention', 'run', '--act'])
    expect(ran.stdout).toMatch(/^retention took 0 files.*\n {2}kept 2 files: held\n$/)
    expect((await at.hold(['explain', 'raw/2020/01/01/00/a.csv'])).stdout).toContain(
      'hold audit of ada keeps it: folder raw',
    )
    const before = await digestOf(at)
    expect((await at.hold(['hold', 'rm', 'audit'])).stdout).toBe(
      'would release audit, which holds folder raw; --act does it\n',
    )
    expect(await digestOf(at)).toBe(before)
    // One of the same name would let all of that go but one file.
    const other = ['hold', 'add', 'raw/2020/01/01/00/a.csv', '--id', 'audit', '--owner', 'ada']
    expect(await at.hold(other)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^HF_HELD: hold audit holds folder raw, which this one does not: --act/),
    })
    expect(await digestOf(at)).toBe(before)
    expect((await at.hold([...other, '--act'])).code).toBe(0)
    expect((await at.hold(['hold', 'add', '--folder', 'raw', '--id', 'audit', '--act'])).code).toBe(0)
    const released = await at.hold(['hold', 'rm', 'audit', '--act', '--json'])
    expect(jsonLines(released.stdout)).toMatchObject([{ hold: { id: 'audit' }, released: true }])
    expect((await at.hold(['hold', 'rm', 'audit', '--act'])).code).toBe(1)
  })
})

describe('holdfast retention and hold, called wrongly', PATIENT, () => {
  it.each([
    [['retention', 'policies', 'set', 'x'], 2, /no JSON object/],
    [['retention', 'policies', 'set', '{"id":"x"}'], 1, /^HF_POLICY_INVALID/],
    [['retention', 'run', '--override', 'files', '--act'], 1, /override goes with a plan/],
    [['retention', 'plan', '--policy', 'none'], 1, /^HF_REQUEST_INVALID/],
    [['retention', 'plan', '--as-of', 'soon'], 2, /no date/],
    [['retention', 'plan', '--as-of', '1 day'], 2, /no date/],
    [['hold', 'add', 'a', '--until', '2027'], 2, /no date/],
    [['files', 'put', 'a', 'b', '--max-time', '20270101'], 2, /no date/],
    [['files', 'put', 'a', 'b', '--max-time', '1790000000'], 2, /no date/],
    [['retention', 'nonsense'], 2, /unknown command/],
    [['hold', 'add'], 2, /say one of/],
    [['hold', 'add', 'a', '--folder', 'b'], 2, /say one of/],
    [['hold', 'add', '../a'], 1, /^HF_OPTION_INVALID/],
  ] as const)('[A-06] %j ends with %i and says why', async (args, code, text) => {
    const { root } = place()
    expect(await run(root, args)).toMatchObject({ code, stderr: expect.stringMatching(text) })
  })
})
