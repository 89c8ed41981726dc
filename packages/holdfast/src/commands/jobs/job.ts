import type { JobRun } from '@holdfast/core'
import { Command } from 'commander'
import { EXIT } from '../../terminal/exit.ts'
import type { Column } from '../../terminal/table.ts'
import { count, time } from '../../terminal/units.ts'
import { itemsOf, type NodeFlags, nodeCommand, resultOf, withNode } from '../node-command.ts'
import { JOB_COLUMNS } from '../status.ts'
import { settings } from '../values.ts'
import { PLAN_FLAGS, type PlanFlags, showPlan } from './plan.ts'
import { RUN_FLAGS, type RunFlags, runJob } from './run.ts'

const SET = [
  '--set <name=value...>',
  'what the job takes, such as policies=["raw"]; can be given several times',
] as const

interface AskFlags extends NodeFlags {
  readonly set?: Readonly<Record<string, unknown>>
}

/** `holdfast job ls|show|plan|run|cancel`: for every job of every plugin. */
export function jobCommand(): Command {
  const plan = nodeCommand('plan', 'show what a job would do; changes nothing')
    .argument('<job>')
    .option(...SET, settings)
  const run = nodeCommand('run', 'run a job; without --act it is only planned')
    .argument('<job>')
    .option(...SET, settings)
  for (const flag of PLAN_FLAGS) plan.addOption(flag())
  for (const flag of RUN_FLAGS) run.addOption(flag())
  return new Command('job')
    .summary('plan, run and watch the jobs of all plugins')
    .description('Jobs of all plugins.')
    .addCommand(lsCommand())
    .addCommand(showCommand())
    .addCommand(
      plan.action((job: string, { set = {}, ...flags }: PlanFlags & AskFlags) =>
        withNode(flags, (work) => showPlan(work, job, set, flags)),
      ),
    )
    .addCommand(
      run.action((job: string, { set = {}, ...flags }: RunFlags & AskFlags) =>
        withNode(flags, (work) => runJob(work, job, set, flags)),
      ),
    )
    .addCommand(cancelCommand())
}

function lsCommand(): Command {
  return nodeCommand('ls', 'list the jobs').action((flags: NodeFlags) =>
    withNode(flags, async ({ session, screen, signal }) => {
      await screen.list(JOB_COLUMNS, itemsOf(session.call('job.ls', {}, { signal })).items)
    }),
  )
}

const RUN_COLUMNS: readonly Column<JobRun>[] = [
  { head: 'RUN', of: ({ id }) => id },
  { head: 'BEGUN', of: ({ startedAt }) => time(startedAt) },
  { head: 'BY', of: ({ actor }) => actor },
  {
    head: 'OUTCOME',
    of: ({ outcome, dryRun }) =>
      `${outcome.status === 'completed' ? 'completed' : outcome.reason}${dryRun ? ', dry' : ''}`,
    gives: true,
  },
  {
    head: 'FILES',
    of: ({ done, planned, dryRun }) => count(dryRun ? planned.files : done.files),
    right: true,
  },
]

function showCommand(): Command {
  return nodeCommand('show', 'show a job and its newest runs')
    .argument('<job>')
    .action((job: string, flags: NodeFlags) =>
      withNode(flags, async ({ session, screen, signal }) => {
        const shown = await resultOf(session.call('job.show', { job }, { signal }))
        if (screen.json) return screen.value(shown, () => '')
        screen.say(`${shown.status.doc}\n`)
        await screen.list(JOB_COLUMNS, [shown.status])
        if (shown.runs.length > 0) screen.say('')
        await screen.list(RUN_COLUMNS, shown.runs)
      }),
    )
}

function cancelCommand(): Command {
  return nodeCommand('cancel', 'end a run between two of its chunks; what it has done stays done')
    .argument('<job>', 'the job whose run it is, or the id of the run')
    .action((of: string, flags: NodeFlags) =>
      withNode(flags, async ({ session, screen }) => {
        const cancelled = await resultOf(session.call('job.cancel', { of }))
        const { run } = cancelled
        screen.value(cancelled, () =>
          run === null ? `no run of ${screen.plain(of)} is in flight` : `${run} is ending`,
        )
        return run === null ? EXIT.failed : EXIT.ok
      }),
    )
}
