import type { ConsumerStatus, JobStatus } from '@holdfast/core'
import type { NodeStatus } from '../operations/status.ts'
import { counted, time } from '../terminal/units.ts'
import { type Finding, failed, ok, warning } from './finding.ts'

/** What a node that runs says of itself. */
export function runningFindings({
  node,
  pid,
  jobs,
  manifest,
  eraser,
  behind,
}: NodeStatus): readonly Finding[] {
  return [
    ok('running', `node ${node} runs as process ${pid}`),
    ...jobs.map(jobFinding),
    ...(eraser ? [eraserFinding(eraser)] : []),
    ...(behind.length === 0 ? [ok('tap', 'all taps have seen everything')] : behind.map(tapFinding)),
    ...(manifest?.behind === undefined
      ? []
      : [
          failed(
            'owner',
            manifest.behind,
            'find out which copy of the data folder is the right one; if it is this one: holdfast acknowledge --act',
          ),
        ]),
  ]
}

function jobFinding({ job, verdict, schedule, nextRunAt, lastRun, problem }: JobStatus): Finding {
  if (!verdict.allowed) {
    const text = `${job} may not run: ${verdict.message}`
    // Another node has the role; this one waits for it.
    return verdict.reason === 'not_authorised'
      ? ok('job', text)
      : failed('job', text, `mend that, and ask again: holdfast job ls (${verdict.reason})`)
  }
  if (problem !== undefined) return warning('job', `${job}: ${problem}`, `holdfast job show ${job}`)
  if (lastRun?.outcome.status === 'aborted')
    return warning(
      'job',
      `the last run of ${job}, ${time(lastRun.endedAt)}, was aborted (${lastRun.outcome.reason}): ${lastRun.outcome.message}`,
      `see what it had done: holdfast job show ${job}`,
    )
  return ok(
    'job',
    `${job} may run; ${schedule === undefined ? 'only when it is asked to' : `next at ${time(nextRunAt)}`}`,
  )
}

function eraserFinding({ backlog, setAside }: NonNullable<NodeStatus['eraser']>): Finding {
  const [first] = setAside
  return first
    ? failed(
        'eraser',
        `${counted(setAside.length, 'file')} could not be erased; the first is ${first.key}: ${first.setAside}`,
        'mend what the message says, and then: holdfast retry',
      )
    : ok('eraser', `${counted(backlog, 'file')} to erase`)
}

function tapFinding({ plugin, hook, state, lag, lastError, untilReset }: ConsumerStatus): Finding {
  const text = `${plugin} ${hook} is ${state}, ${counted(lag, 'record')} behind${lastError === undefined ? '' : `: ${lastError}`}`
  const reset =
    untilReset === undefined ? '' : `; after ${counted(untilReset, 'more record')} it gets a reset`
  switch (state) {
    case 'failing':
    case 'hanging':
      return failed('tap', `${text}${reset}`, `mend what ${plugin} needs, and then: holdfast retry`)
    case 'absent':
      return warning('tap', text, `name ${plugin} in the config file again, or give it up: node.hooks.forget`)
    default:
      return ok('tap', text)
  }
}
