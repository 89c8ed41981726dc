import type { KnownPolicy } from '@holdfast/plugin-retention'
import { Command, InvalidArgumentError } from 'commander'
import { EXIT } from '../terminal/exit.ts'
import type { Column } from '../terminal/table.ts'
import { count, duration, size } from '../terminal/units.ts'
import { itemsOf, type NodeFlags, nodeCommand, resultOf, withNode } from './node-command.ts'

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
