import { type JobRun, LIMIT_NAMES, type LimitName } from '@holdfast/core'
import { Option } from 'commander'
import { confirmed } from '../../terminal/confirm.ts'
import { EXIT, type ExitCode } from '../../terminal/exit.ts'
import type { Screen } from '../../terminal/screen.ts'
import { duration } from '../../terminal/units.ts'
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

/** Runs a job. In a terminal the plan is shown first, and exactly it is done when the answer is yes. */
export async function runJob(work: Work, job: string, asked: object, flags: RunFlags): Promise<ExitCode> {
  const { session, screen, signal } = work
  const { act = false, yes, plan, cap, override, maxFiles } = flags
  const { status } = await resultOf(session.call('job.show', { job }, { signal }))
  const plans = status.plans
  if (!act) {
    if (plans && plan === undefined) return await showPlan(work, job, asked, flags)
    screen.say(plans ? `plan ${plan}: --act does it` : `${job} cannot be planned: --act runs it`)
    return EXIT.ok
  }
  const controls = { act, ...(cap !== undefined && { cap }), ...(override && { override }) }
  const bound = (id: string) => go(work, job, { plan: id, ...controls })
  if (plan !== undefined) {
    const sure = await confirmed(screen, `Do what plan ${plan} says?`, { yes, signal })
    return sure ? await bound(plan) : refused(screen)
  }
  if (screen.isTerminal && !yes && plans) {
    const made = await planned(work, job, asked, flags)
    screen.say(planLines(made, screen).join('\n'))
    if (made.totals.files === 0) return EXIT.ok
    if (made.overLimit.length > 0) {
      screen.say(
        `nothing was changed; if it is right: holdfast job run ${job} --plan ${made.id} --override ${made.overLimit.map(({ limit }) => limit).join(',')} --act`,
      )
      return EXIT.refused
    }
    const sure = await confirmed(screen, `Let ${job} take ${totalsText(made.totals)}?`, { signal })
    return sure ? await bound(made.id) : refused(screen)
  }
  if (!plans && !(await confirmed(screen, `Run ${job}?`, { yes, signal }))) return refused(screen)
  return await go(work, job, {
    ...asked,
    ...controls,
    ...(maxFiles !== undefined && { limits: { files: maxFiles } }),
  })
}

async function go({ session, screen, signal }: Work, job: string, request: object): Promise<ExitCode> {
  const run = await resultOf(
    session.call('job.run', { job, request }, { signal, onStep: screen.progress.update }),
  )
  screen.value(run, () => runLines(run, screen))
  const { outcome } = run
  if (outcome.status === 'completed') return EXIT.ok
  return run.done.files === 0 && outcome.reason !== 'cancelled' ? EXIT.refused : EXIT.aborted
}

function refused(screen: Screen): ExitCode {
  screen.say('nothing was changed')
  return EXIT.refused
}

function runLines(run: JobRun, screen: Screen): string[] {
  const { id, job, done, chunks, startedAt, endedAt, skipped, kept, overLimit, capHit } = run
  return [
    `${job} took ${totalsText(done)} in ${duration(endedAt - startedAt)}, ${chunks} ${chunks === 1 ? 'chunk' : 'chunks'}: ${outcomeText(run)}`,
    ...countsLines('kept', kept),
    ...countsLines('skipped', skipped),
    ...overLimit.map((excess) => screen.paint('yellow', `  over its limit: ${excessText(excess)}`)),
    ...(capHit ? ['  the cap was reached; the next run goes on'] : []),
    ...(done.files > 0 ? [`  to bring them back: holdfast files undo --run ${id}`] : []),
  ]
}

/** `completed`, `aborted (over_limit): ...` */
export function outcomeText({ outcome, dryRun }: Pick<JobRun, 'outcome' | 'dryRun'>): string {
  const dry = dryRun ? ', a dry run' : ''
  return outcome.status === 'completed'
    ? `completed${dry}`
    : `aborted (${outcome.reason})${dry}: ${outcome.message}`
}
