import type { LimitExcess, PlanItem, PlanRecord, Totals } from '@holdfast/core'
import { Option } from 'commander'
import { EXIT, type ExitCode } from '../../terminal/exit.ts'
import type { Screen } from '../../terminal/screen.ts'
import { type Column, printable } from '../../terminal/table.ts'
import { count, counted, size, time } from '../../terminal/units.ts'
import { itemsOf, type NodeFlags, type Work } from '../node-command.ts'
import { wholeNumber } from '../values.ts'

/** Items of a plan that are shown, unless it is said. */
const ITEMS = 20

export interface PlanFlags extends NodeFlags {
  readonly items?: number
  readonly maxFiles?: number
}

/** Flags of everything that plans. Made anew for each command: commander keeps state in them. */
export const PLAN_FLAGS: readonly (() => Option)[] = [
  () =>
    new Option(
      '--items <count>',
      `files to show; the plan has all of them (default: ${ITEMS}; all with --json)`,
    ).argParser(wholeNumber),
  () => new Option('--max-files <count>', 'refuse a plan of more files').argParser(wholeNumber),
]

const COLUMNS: readonly Column<PlanItem>[] = [
  { head: 'SIZE', of: (item) => size(item.size), right: true },
  { head: 'REASON', of: ({ reason }) => reason },
  { head: 'PATH', of: ({ path }) => path, gives: true },
]

/** Plans a job and shows the plan. With `--json`: a line for each item, then one for the plan. */
export async function showPlan(work: Work, job: string, asked: object, flags: PlanFlags): Promise<ExitCode> {
  const { screen } = work
  const plan = await planned(work, job, asked, flags)
  if (screen.json) screen.value({ plan }, () => '')
  else
    screen.say(
      [
        ...planLines(plan, screen),
        ...(plan.totals.files > 0
          ? [`to do exactly this: holdfast job run ${job} --plan ${plan.id} --act`]
          : []),
      ].join('\n'),
    )
  return plan.overLimit.length > 0 ? EXIT.refused : EXIT.ok
}

/** Makes a plan and lists its items. */
export async function planned(
  { session, screen, signal }: Work,
  job: string,
  asked: object,
  { items: most, maxFiles }: Pick<PlanFlags, 'items' | 'maxFiles'>,
): Promise<PlanRecord> {
  const request = { ...asked, ...(maxFiles !== undefined && { limits: { files: maxFiles } }) }
  const shown = most ?? (screen.json ? undefined : ITEMS)
  const { items, result } = itemsOf(
    session.call(
      'job.plan',
      { job, request, ...(shown !== undefined && { items: shown }) },
      { signal, onStep: screen.progress.update },
    ),
  )
  let listed = 0
  async function* each() {
    for await (const item of items) {
      listed++
      yield item
    }
  }
  await screen.list(COLUMNS, each())
  const plan = result()
  if (listed > 0 && listed < plan.totals.files)
    screen.say(`and ${counted(plan.totals.files - listed, 'file')} more`)
  return plan
}

/** What a plan comes to. */
export function planLines(
  { id, job, totals, kept, overLimit, expiresAt }: PlanRecord,
  screen: Screen,
): string[] {
  return [
    `${job} would take ${totalsText(totals)}`,
    ...countsLines('keeps', kept),
    ...overLimit.map((excess) => screen.paint('yellow', `over its limit: ${excessText(excess)}`)),
    `plan ${id}, good until ${time(expiresAt)}`,
  ]
}

/** `2,126 files, 1.4 GiB, 1,494,284 rows` */
export function totalsText({ files, bytes, rows }: Totals): string {
  return `${counted(files, 'file')}, ${size(bytes)}${rows > 0 ? `, ${counted(rows, 'row')}` : ''}`
}

export function countsLines(what: string, counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts).map(
    ([why, files]) => `  ${what} ${counted(files, 'file')}: ${printable(why)}`,
  )
}

export function excessText({ limit, planned: wanted, allowed, namespace }: LimitExcess): string {
  const of = namespace === undefined ? '' : ` of ${printable(namespace)}`
  return limit === 'bytes'
    ? `${limit}: ${size(wanted)}, allowed ${size(allowed)}`
    : `${limit}: ${count(wanted)}${of}, allowed ${count(allowed)}`
}
