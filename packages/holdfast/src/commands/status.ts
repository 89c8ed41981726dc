import type { JobStatus, Verdict } from '@holdfast/core'
import type { Command } from 'commander'
import type { NodeStatus } from '../operations/status.ts'
import type { Screen } from '../terminal/screen.ts'
import type { Column } from '../terminal/table.ts'
import { count, counted, size, time } from '../terminal/units.ts'
import { type NodeFlags, nodeCommand, resultOf, withNode } from './node-command.ts'

/** `holdfast status` */
export function statusCommand(): Command {
  return nodeCommand('status', 'show how the node stands').action((flags: NodeFlags) =>
    withNode(flags, async ({ session, screen, signal }) => {
      const status = await resultOf(session.call('status', {}, { signal }))
      if (screen.json) return screen.value({ running: session.node === 'running', ...status }, () => '')
      screen.say(linesOf(status, session.node, screen).join('\n'))
      if (status.jobs.length > 0) {
        screen.say('')
        await screen.list(JOB_COLUMNS, status.jobs)
      }
    }),
  )
}

/** One line of a job; also of `holdfast job ls`. */
export const JOB_COLUMNS: readonly Column<JobStatus>[] = [
  { head: 'JOB', of: ({ job }) => job },
  {
    head: 'SCHEDULE',
    of: ({ schedule = 'off', timeZone, enabled }) => (enabled ? `${schedule} ${timeZone}` : 'off'),
  },
  { head: 'NEXT', of: ({ nextRunAt }) => time(nextRunAt) },
  { head: 'MAY RUN', of: ({ verdict }) => verdictText(verdict), gives: true },
  { head: 'LAST RUN', of: lastText, gives: true },
]

function verdictText(verdict: Verdict): string {
  return verdict.allowed ? 'yes' : `no: ${verdict.message}`
}

function lastText({ running, lastRun, problem }: JobStatus): string {
  if (running) return `${running.phase} now, ${counted(running.done, 'file')}`
  if (problem !== undefined) return problem
  if (!lastRun) return '-'
  const { outcome, endedAt, dryRun, done, planned } = lastRun
  const what = outcome.status === 'completed' ? '' : ` aborted (${outcome.reason})`
  return `${time(endedAt)}${what} ${dryRun ? `dry, ${counted(planned.files, 'file')}` : counted(done.files, 'file')}`
}

function linesOf(status: NodeStatus, of: 'own' | 'running', screen: Screen): string[] {
  const { node, pid, plugins, manifest, files, eraser, behind } = status
  const row = (name: string, text: string) => `${screen.paint('bold', name.padEnd(10))}${text}`
  return [
    row('node', `${node}, ${of === 'running' ? `runs as process ${pid}` : 'does not run'}`),
    row('plugins', plugins.map(({ id, version }) => `${id} ${version}`).join(', ')),
    ...(files
      ? [
          row(
            'files',
            `${counted(files.files, 'file')}, ${size(files.bytes)}, ${counted(files.rows, 'row')} in ${counted(files.namespaces, 'namespace')}`,
          ),
        ]
      : []),
    ...(manifest
      ? [
          row(
            'manifest',
            `generation ${count(manifest.generation)}, format ${manifest.format}, digest ${manifest.digest}`,
          ),
        ]
      : []),
    ...(manifest?.behind === undefined ? [] : [row('behind', screen.plain(manifest.behind))]),
    ...(eraser ? [row('to erase', `${counted(eraser.backlog, 'file')}`)] : []),
    ...(eraser?.setAside ?? []).map(({ key, setAside }) => row('stuck', screen.plain(`${key}: ${setAside}`))),
    ...behind.map(({ plugin, hook, state, lag, lastError }) =>
      row(
        'tap',
        screen.plain(`${plugin} ${hook} ${state}, ${count(lag)} behind${lastError ? `: ${lastError}` : ''}`),
      ),
    ),
  ]
}
