import { type AbortReason, type JobRun, LIMIT_NAMES, type LimitName, type Totals } from '@holdfast/core'
import { Option } from 'commander'
import { confirmed } from '../../terminal/confirm.ts'
import { EXIT, type ExitCode } from '../../terminal/exit.ts'
import type { Screen } from '../../terminal/screen.ts'
import { printable } from '../../terminal/table.ts'
import { counted, duration } from '../../terminal/units.ts'
import { resultOf, type Work } from '../node-command.ts'
import { list, wholeNumber } from '../values.ts'
import {
  countsLines,
  excessText,
  PLAN_FLAGS,
  type PlanFlags,
  planLines,
  planned,
  showPlan,
  totalsText,
} from './plan.ts'

export interface RunFlags extends PlanFlags {
  readonly act?: boolean
  readonly yes?: boolean
  readonly plan?: string
  readonly cap?: number
  readonly override?: readonly LimitName[]
}

/** Flags of everything that runs a job. */
export const RUN_FLAGS: readonly (() => Option)[] = [
  ...PLAN_FLAGS,
  () => new Option('--act', 'really do it'),
  () => new Option('--yes', 'do not ask once more'),
  () => new Option('--plan <id>', 'do exactly what this plan says'),
  () => new Option('--cap <count>', 'most files of this run; the next one goes on').argParser(wholeNumber),
  () =>
    new Option(
      '--override <limits>',
      `limits that a --plan may be over, because somebody has looked at it: ${LIMIT_NAMES.join(', ')}`,
    ).argParser(list),
]

/** Reasons for which a run does not even begin to change anything. */
const REFUSALS: readonly AbortReason[] = [
  'over_limit',
  'not_authorised',
  'store_mismatch',
  'manifest_behind',
  'clock_suspect',
  'state_diverged',
]

/** Runs a job. In a terminal the plan is shown first, and exactly it is done when the answer is yes. */
export async function runJob(work: Work, job: string, asked: object, flags: RunFlags): Promise<ExitCode> {
  const { session, screen, signal } = work
  const { act = false, yes, plan, cap, override, maxFiles } = flags
  const request = {
    ...asked,
    ...(maxFiles !== undefined && { limits: { files: maxFiles } }),
    ...(plan !== undefined && { plan }),
    ...(cap !== undefined && { cap }),
    ...(override && { override }),
  }
  const { status } = await resultOf(session.call('job.show', { job }, { signal }))
  if (!status.plans) return await runPlain(work, job, request, flags)
  if (plan === undefined && !act) return await showPlan(work, job, asked, flags)
  if (plan === undefined && screen.isTerminal && !yes) return await runShown(work, job, asked, flags)
  if (plan !== undefined && act && screen.isTerminal && !yes) {
    const totals = await resultOf(session.call('job.planned', { plan }, { signal }))
    if (!(await confirmed(screen, questionOf(job, totals, flags), { signal }))) return refused(screen)
  }
  return await go(work, job, { ...request, act })
}

/** `Let retention take 2 files, 16 B?` */
function questionOf(job: string, totals: Totals, { cap, plan }: Pick<RunFlags, 'cap' | 'plan'>): string {
  const as = plan === undefined ? '' : `, as plan ${plan} says`
  const most = cap === undefined || cap >= totals.files ? '' : `, ${counted(cap, 'file')} of it now`
  return `Let ${job} take ${totalsText(totals)}${as}${most}?`
}

/** A job that cannot say beforehand what it will do. */
async function runPlain(work: Work, job: string, request: object, flags: RunFlags): Promise<ExitCode> {
  const { screen, signal } = work
  const { act = false, yes } = flags
  if (!act) {
    screen.value({ job, plans: false, acted: false }, () => `${job} cannot be planned: --act runs it`)
    return EXIT.ok
  }
  const sure = await confirmed(screen, `Run ${job}?`, { yes, signal })
  return sure ? await go(work, job, { ...request, act }) : refused(screen)
}

/** Plans, shows the plan and asks; what is done is what was shown. */
async function runShown(work: Work, job: string, asked: object, flags: RunFlags): Promise<ExitCode> {
  const { screen, signal } = work
  const { cap } = flags
  // With --json what is printed is the record of the run, and nothing before it.
  const plan = await planned(work, job, asked, screen.json ? { ...flags, items: 0 } : flags)
  const request = { plan: plan.id, act: true, ...(cap !== undefined && { cap }) }
  if (screen.json && (plan.totals.files === 0 || plan.overLimit.length > 0))
    return await go(work, job, request)
  screen.say(planLines(plan, screen).join('\n'))
  if (plan.totals.files === 0) return EXIT.ok
  if (plan.overLimit.length > 0) {
    const limits = plan.overLimit.map(({ limit }) => limit).join(',')
    screen.say(
      `nothing was changed; if it is right: holdfast job run ${job} --plan ${plan.id} --override ${limits} --act`,
    )
    return EXIT.refused
  }
  if (
    !(await confirmed(screen, questionOf(job, plan.totals, { ...(cap !== undefined && { cap }) }), {
      signal,
    }))
  )
    return refused(screen)
  return await go(work, job, request)
}

async function go({ session, screen, signal }: Work, job: string, request: object): Promise<ExitCode> {
  const run = await resultOf(
    session.call('job.run', { job, request }, { signal, onStep: screen.progress.update }),
  )
  screen.value(run, () => runLines(run, screen))
  const { outcome } = run
  if (outcome.status === 'completed') return EXIT.ok
  return run.done.files === 0 && REFUSALS.includes(outcome.reason) ? EXIT.refused : EXIT.aborted
}

function refused(screen: Screen): ExitCode {
  screen.say('nothing was changed')
  return EXIT.refused
}

function runLines(run: JobRun, screen: Screen): string[] {
  const { id, job, done, chunks, startedAt, endedAt, skipped, kept, overLimit, capHit } = run
  return [
    run.dryRun
      ? `${job} would take ${totalsText(run.planned)}: ${outcomeText(run)}`
      : `${job} took ${totalsText(done)} in ${duration(endedAt - startedAt)}, ${counted(chunks, 'chunk')}: ${outcomeText(run)}`,
    ...countsLines('kept', kept),
    ...countsLines('skipped', skipped),
    ...overLimit.map((excess) => screen.paint('yellow', `  over its limit: ${excessText(excess)}`)),
    ...(capHit ? ['  the cap was reached; the next run goes on'] : []),
    ...(done.files > 0 ? [`  to bring them back: holdfast files undo --run ${id}`] : []),
  ]
}

/** `completed`, `aborted (over_limit): ...` */
function outcomeText({ outcome, dryRun }: Pick<JobRun, 'outcome' | 'dryRun'>): string {
  const dry = dryRun ? ', a dry run' : ''
  return outcome.status === 'completed'
    ? `completed${dry}`
    : `aborted (${outcome.reason})${dry}: ${printable(outcome.message)}`
}
