import type { SimulatedDay } from '@holdfast/plugin-retention'
import { Command } from 'commander'
import type { Column } from '../terminal/table.ts'
import { count, size } from '../terminal/units.ts'
import { undo } from './files/undo.ts'
import { countsLines, PLAN_FLAGS, type PlanFlags, showPlan, totalsText } from './jobs/plan.ts'
import { RUN_FLAGS, type RunFlags, runJob } from './jobs/run.ts'
import { type NodeFlags, nodeCommand, resultOf, withNode } from './node-command.ts'
import { policiesCommand } from './policies.ts'
import { list, moment } from './values.ts'

/** `holdfast retention policies|plan|run|undo|simulate` */
export function retentionCommand(): Command {
  return new Command('retention')
    .summary('delete what has expired')
    .description('Policies that say when files may go, and the job that lets them.')
    .addCommand(policiesCommand())
    .addCommand(planCommand())
    .addCommand(runCommand())
    .addCommand(undoCommand())
    .addCommand(simulateCommand())
}

interface AskFlags {
  readonly policy?: readonly string[]
  readonly asOf?: number
}

function asking(command: Command): Command {
  return command
    .option('--policy <ids>', 'only these policies; can be given several times', list)
    .option('--as-of <time>', 'as if it were this time', moment)
}

function asked({ policy, asOf }: AskFlags): object {
  return { ...(policy && { policies: policy }), ...(asOf !== undefined && { asOf }) }
}

function planCommand(): Command {
  const command = asking(nodeCommand('plan', 'show what would be deleted; changes nothing'))
  for (const flag of PLAN_FLAGS) command.addOption(flag())
  return command.action((flags: PlanFlags & AskFlags) =>
    withNode(flags, (work) => showPlan(work, 'retention', asked(flags), flags)),
  )
}

function runCommand(): Command {
  const command = asking(nodeCommand('run', 'delete what has expired; without --act it is only planned'))
  for (const flag of RUN_FLAGS) command.addOption(flag())
  return command.action((flags: RunFlags & AskFlags) =>
    withNode(flags, (work) => runJob(work, 'retention', asked(flags), flags)),
  )
}

function undoCommand(): Command {
  return nodeCommand('undo', 'bring back what a run took')
    .argument('<run>')
    .action((run: string, flags: NodeFlags) => withNode(flags, (work) => undo(work, { run })))
}

interface SimulateFlags extends NodeFlags, AskFlags {
  readonly maxAge?: string
}

const DAY_COLUMNS: readonly Column<SimulatedDay>[] = [
  { head: 'NAMESPACE', of: ({ namespace }) => namespace, gives: true },
  { head: 'DAY', of: ({ day }) => day },
  { head: 'NOW FILES', of: ({ current }) => count(current.files), right: true },
  { head: 'NOW BYTES', of: ({ current }) => size(current.bytes), right: true },
  { head: 'THEN FILES', of: ({ simulated }) => count(simulated.files), right: true },
  { head: 'THEN BYTES', of: ({ simulated }) => size(simulated.bytes), right: true },
]

function simulateCommand(): Command {
  return asking(nodeCommand('simulate', 'show what another maxAge would delete, by namespace and day'))
    .option('--max-age <time>', 'instead of the maxAge of the policies, such as 30d')
    .action(({ maxAge, configFile, json, ...flags }: SimulateFlags) =>
      withNode({ configFile, ...(json && { json }) }, async ({ session, screen, signal }) => {
        const request = { ...asked(flags), ...(maxAge !== undefined && { maxAge }) }
        const simulation = await resultOf(session.call('retention.simulate', request, { signal }))
        if (screen.json) return screen.value(simulation, () => '')
        await screen.list(DAY_COLUMNS, simulation.days)
        screen.say(`by the policies as they are: ${totalsText(simulation.current)}`)
        screen.say(`by those of the simulation: ${totalsText(simulation.simulated)}`)
        for (const line of countsLines('keeps', simulation.kept)) screen.say(line)
      }),
    )
}
