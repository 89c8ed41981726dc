import { hasCode, messageOf } from '../errors.ts'
import type { Verdict } from '../gate/request.ts'
import type { Logger } from '../log.ts'
import type { TickStatus } from './jobs.ts'
import type { JobReport } from './report.ts'

/** Tells what became of a tick whose run did not begin. Nothing is told of a node that is stopping: undefined. */
export function tickRefused(
  { job, at, stopping }: { readonly job: string; readonly at: number; readonly stopping: boolean },
  error: unknown,
  { log, report }: { readonly log: Logger; readonly report: JobReport },
): TickStatus | undefined {
  const message = messageOf(error)
  if (hasCode(error, 'HF_ALREADY_RUNNING')) {
    log.warn({ job, run: error.context.run }, `scheduled run skipped: ${message}`)
    report.tickSkipped(job, String(error.context.run))
    return { at, result: 'skipped', message }
  }
  if (hasCode(error, 'HF_GATE_DENIED')) {
    log.info({ job, ...error.context }, `scheduled run denied: ${message}`)
    report.tickDenied(job, error.context as unknown as Extract<Verdict, { allowed: false }>)
    return { at, result: 'denied', message }
  }
  if (stopping) return undefined
  log.error({ job, cause: message }, 'scheduled run failed to begin')
  return { at, result: 'skipped', message }
}
