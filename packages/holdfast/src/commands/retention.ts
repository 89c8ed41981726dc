import type { KnownPolicy, SimulatedDay } from '@holdfast/plugin-retention'
import { Command, InvalidArgumentError } from 'commander'
import { EXIT } from '../terminal/exit.ts'
import type { Column } from '../terminal/table.ts'
import { count, duration, size } from '../terminal/units.ts'
import { undo } from './files/undo.ts'
import { countsLines, PLAN_FLAGS, type PlanFlags, showPlan, totalsText } from './jobs/plan.ts'
import { RUN_FLAGS, type RunFlags, runJob } from './jobs/run.ts'
import { both, type NodeFlags, nodeCommand, resultOf, withNode } from './node-command.ts'
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

const POLICY_COLUMNS: readonly Column<KnownPolicy>[] = [
  { head: 'POLICY', of: ({ policy }) => policy.id },
  { head: 'OF', of: ({ policy }) => [policy.namespace, policy.match].filter(Boolean).join(' '), gives: true },
  { head: 'MAX AGE', of: ({ policy }) => (policy.maxAge === undefined ? '-' : duration(policy.maxAge)) },
  { head: 'MAX BYTES', of: ({ policy }) => (policy.maxBytes === undefined ? '-' : size(policy.maxBytes)) },
  { head: 'MIN AGE', of: ({ policy }) => duration(policy.minAge) },
  { head: 'KEEPS NEWEST', of: ({ policy }) => count(policy.keepNewest), right: true },
  { head: 'ACTIVE', of: ({ policy }) => (policy.active ? 'yes' : 'no') },
  { head: 'FROM', of: ({ source, shared }) => `${source}${shared ? '' : ', not shared yet'}` },
]

function policiesCommand(): Command {
  return new Command('policies')
    .summary('list the policies, set one, remove one')
    .description('Policies. Those that the configuration declares are changed there.')
    .addCommand(
      nodeCommand('ls', 'list the policies').action((flags: NodeFlags) =>
        withNode(flags, async ({ session, screen, signal }) => {
          const { items, result } = both(session.call('retention.policies', {}, { signal }))
          await screen.list(POLICY_COLUMNS, items)
          if (result().policies === 0) screen.say('there is no policy: nothing is ever deleted by retention')
        }),
      ),
      { isDefault: true },
    )
    .addCommand(
      nodeCommand('set', 'set a policy on every node, or replace the one of its id')
        .argument('<policy>', 'JSON, such as \'{"id":"raw","match":"raw/**","maxAge":"30d"}\'', readPolicy)
        .action((policy: { readonly id: string }, flags: NodeFlags) =>
          withNode(flags, async ({ session, screen, signal }) => {
            const set = await resultOf(session.call('retention.set', { policy }, { signal }))
            screen.value(
              set,
              () => `policy ${set.id} holds from now on; see what it takes: holdfast retention plan`,
            )
          }),
        ),
    )
    .addCommand(
      nodeCommand('rm', 'remove a policy that was set at run time')
        .argument('<id>')
        .action((id: string, flags: NodeFlags) =>
          withNode(flags, async ({ session, screen, signal }) => {
            const removed = await resultOf(session.call('retention.remove', { id }, { signal }))
            screen.value(removed, () =>
              removed.removed ? `policy ${id} is gone` : `there is no policy ${id}`,
            )
            return removed.removed ? EXIT.ok : EXIT.failed
          }),
        ),
    )
}

function readPolicy(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('It is no JSON object.')
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
