import { hasCode } from '@holdfast/core'
import type { KnownPolicy, PolicyOptions, Simulation } from '@holdfast/plugin-retention'
import { Command, InvalidArgumentError } from 'commander'
import { confirmed } from '../terminal/confirm.ts'
import { EXIT, type ExitCode } from '../terminal/exit.ts'
import type { Screen } from '../terminal/screen.ts'
import type { Column } from '../terminal/table.ts'
import { count, duration, size } from '../terminal/units.ts'
import { totalsText } from './jobs/plan.ts'
import { itemsOf, type NodeFlags, nodeCommand, resultOf, type Work, withNode } from './node-command.ts'

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

/** `holdfast retention policies ls|set|rm` */
export function policiesCommand(): Command {
  return new Command('policies')
    .summary('list the policies, set one, remove one')
    .description('Policies. Those that the configuration declares are changed there.')
    .addCommand(
      nodeCommand('ls', 'list the policies').action((flags: NodeFlags) =>
        withNode(flags, async ({ session, screen, signal }) => {
          const { items, result } = itemsOf(session.call('retention.policies', {}, { signal }))
          await screen.list(POLICY_COLUMNS, items)
          if (result().policies === 0) screen.say('there is no policy: nothing is ever deleted by retention')
        }),
      ),
      { isDefault: true },
    )
    .addCommand(
      changing(
        'set',
        'set a policy on every node, or replace the one of its id; without --act it is simulated',
      )
        .argument('<policy>', 'JSON, such as \'{"id":"raw","match":"raw/**","maxAge":"30d"}\'', readPolicy)
        .action((policy: PolicyOptions, { act, yes, ...flags }: ChangeFlags) =>
          withNode(flags, async (work) => {
            const { session, screen, signal } = work
            const may = await simulated(work, `Set policy ${policy.id}`, policy, { act, yes })
            if (may !== 'go') return may
            const set = await resultOf(session.call('retention.set', { policy }, { signal }))
            screen.value(
              set,
              () => `policy ${set.id} holds from now on; see what it takes: holdfast retention plan`,
            )
          }),
        ),
    )
    .addCommand(
      changing('rm', 'remove a policy that was set at run time; without --act it is simulated')
        .argument('<id>')
        .action((id: string, { act, yes, ...flags }: ChangeFlags) =>
          withNode(flags, async (work) => {
            const { session, screen, signal } = work
            const may = await simulated(work, `Remove policy ${id}`, () => withoutSay(work, id), { act, yes })
            if (may !== 'go') return may
            const removed = await resultOf(session.call('retention.remove', { id }, { signal }))
            screen.value(removed, () =>
              removed.removed ? `policy ${id} is gone` : `there is no policy ${id}`,
            )
            return removed.removed ? EXIT.ok : EXIT.failed
          }),
        ),
    )
}

interface ChangeFlags extends NodeFlags {
  readonly act?: boolean
  readonly yes?: boolean
}

/** A policy that changes lets files go, with a schedule by itself. */
function changing(name: string, summary: string): Command {
  return nodeCommand(name, summary).option('--act', 'really do it').option('--yes', 'do not ask once more')
}

/** Shows what files would go with such a policy; in a terminal it asks, when it is to be done. */
async function simulated(
  { session, screen, signal }: Work,
  what: string,
  policy: PolicyOptions | (() => Promise<PolicyOptions | undefined>),
  { act, yes }: { readonly act?: boolean | undefined; readonly yes?: boolean | undefined },
): Promise<ExitCode | 'go'> {
  if (act && (yes || !screen.isTerminal)) return 'go'
  const isRemoval = typeof policy === 'function'
  let simulation: Pick<Simulation, 'current' | 'simulated'> | undefined
  try {
    const changed = isRemoval ? await policy() : policy
    if (!changed) return act ? 'go' : notThere(screen, what)
    const request = { set: [changed] }
    simulation = await resultOf(session.call('retention.simulate', request, { signal }))
  } catch (error) {
    const isOfPolicies = hasCode(error, 'HF_POLICY_INVALID') || hasCode(error, 'HF_POLICY_CONFLICT')
    if (!isOfPolicies || !(act || isRemoval)) throw error
  }
  const counts = simulation
    ? `by the policies as they are ${totalsText(simulation.current)} would go, then ${totalsText(simulation.simulated)}`
    : 'what would go then cannot be told, as one of the policies cannot be read or nodes disagree about it'
  if (!act) {
    const { current, simulated: then } = simulation ?? {}
    screen.value({ acted: false, current, simulated: then }, () =>
      screen.plain(`${what}? ${counts}; --act does it`),
    )
    return EXIT.ok
  }
  if (await confirmed(screen, screen.plain(`${what}? ${counts}.`), { signal })) return 'go'
  screen.say('nothing was changed')
  return EXIT.refused
}

function notThere(screen: Screen, what: string): ExitCode {
  screen.value({ acted: false }, () => screen.plain(`${what}: there is none`))
  return EXIT.failed
}

/** A policy as if it were not there; undefined when it is not. */
async function withoutSay({ session, signal }: Work, id: string): Promise<PolicyOptions | undefined> {
  for await (const { policy } of session.call('retention.policies', {}, { signal })) {
    const { problems: _, ...options } = policy
    if (policy.id === id) return { ...options, active: false }
  }
  return undefined
}

function readPolicy(text: string): PolicyOptions {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as PolicyOptions
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('It is no JSON object.')
}
