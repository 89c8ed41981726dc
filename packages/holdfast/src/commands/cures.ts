import type { Command } from 'commander'
import { confirmed } from '../terminal/confirm.ts'
import { EXIT } from '../terminal/exit.ts'
import { counted, time } from '../terminal/units.ts'
import { userName } from '../user-name.ts'
import { type NodeFlags, nodeCommand, resultOf, withNode } from './node-command.ts'

interface AcknowledgeFlags extends NodeFlags {
  readonly as: string
  readonly act?: boolean
  readonly yes?: boolean
}

/** `holdfast acknowledge`: the cure of manifest_behind, and of a damaged record of the store. */
export function acknowledgeCommand(): Command {
  return nodeCommand(
    'acknowledge',
    'give your word that this manifest is the one to go by; without --act it only says why',
  )
    .option('--as <name>', 'who gives it; it stands in the audit', userName())
    .option('--act', 'really do it')
    .option('--yes', 'do not ask once more')
    .action(({ as: actor, act, yes, ...flags }: AcknowledgeFlags) =>
      withNode(flags, async ({ session, screen, signal }) => {
        const found = await resultOf(session.call('acknowledge', { actor }, { signal }))
        const { behind: objection } = found
        if (objection === null || !act) {
          screen.value(found, () =>
            objection === null
              ? 'nothing to acknowledge: the manifest and its store agree about who owns the store'
              : screen.plain(`${objection}; --act says that it is right`),
          )
          return EXIT.ok
        }
        const question = `${objection}. Files that only the other state lists may then be deleted. Is this one right?`
        if (!(await confirmed(screen, screen.plain(question), { yes, signal }))) return EXIT.refused
        const given = await resultOf(session.call('acknowledge', { actor, objection, act }, { signal }))
        screen.value(given, () => (given.acknowledged ? 'acknowledged' : 'there was nothing to acknowledge'))
        return EXIT.ok
      }),
    )
}

/** `holdfast trust-clock`: the cure of clock_suspect. */
export function trustClockCommand(): Command {
  return nodeCommand(
    'trust-clock',
    'give your word that the clock of the node that runs is right; without --act nothing is believed',
  )
    .option('--act', 'really do it')
    .option('--yes', 'do not ask once more')
    .action(({ act, yes, ...flags }: Omit<AcknowledgeFlags, 'as'>) =>
      withNode(flags, async ({ session, screen, signal }) => {
        if (session.node === 'own') {
          screen.fault({ message: 'no node runs: start it, and it looks at its clock anew' })
          return EXIT.failed
        }
        const now = `this machine's clock says ${time(Date.now())} UTC`
        if (!act) {
          screen.value({ trusted: false }, () => `${now}; --act says that it is right`)
          return EXIT.ok
        }
        const question = `${now}. What has expired by it may then be deleted. Is it right?`
        if (!(await confirmed(screen, question, { yes, signal }))) return EXIT.refused
        const trusted = await resultOf(session.call('trust-clock', {}, { signal }))
        screen.value(trusted, () => 'its clock is believed again')
        return EXIT.ok
      }),
    )
}

/** `holdfast retry`: once what kept bytes from being deleted, or a tap from working, was mended. */
export function retryCommand(): Command {
  return nodeCommand('retry', 'try again what could not be deleted, and the taps that failed').action(
    (flags: NodeFlags) =>
      withNode(flags, async ({ session, screen, signal }) => {
        const retried = await resultOf(session.call('retry', {}, { signal }))
        screen.value(
          retried,
          () => `${counted(retried.erases, 'file')} and ${counted(retried.taps, 'tap')} are tried again`,
        )
      }),
  )
}
