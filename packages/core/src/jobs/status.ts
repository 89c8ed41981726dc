import type { Clock } from '../clock.ts'
import type { Gate } from '../gate/gate.ts'
import type { GateRequest, Verdict } from '../gate/request.ts'
import { settlesWithin } from '../patience.ts'
import type { CallOptions } from '../storage/backend.ts'
import type { JobStatus } from './jobs.ts'
import type { Registered } from './registered.ts'
import { RunSignal } from './run-signal.ts'
import { isScheduled } from './scheduling.ts'

/** Time that the gate has to answer for the status of a job, ms. */
const STATUS_MS = 2000

interface StatusParts {
  readonly gate: Gate
  readonly clock: Clock
}

/** What is known of a job now, with the gate's answer to somebody who would run it. */
export async function statusOf(
  { definition, inFlight, ticker, lastRun, lastTick, problem }: Registered,
  parts: StatusParts,
  options: CallOptions,
): Promise<JobStatus> {
  const { name, doc, action, timeZone = 'UTC' } = definition
  const enabled = isScheduled(definition)
  return {
    job: name,
    doc,
    plans: definition.plan !== undefined,
    enabled,
    schedule: enabled ? definition.schedule : undefined,
    timeZone,
    nextRunAt: ticker?.nextAt,
    verdict: await verdictOn({ action, actor: 'user', job: name }, parts, options),
    running: inFlight?.left ? undefined : inFlight?.execution.progress,
    lastRun,
    lastTick,
    problem,
  }
}

/** It must come soon, also when a tap takes its time. */
async function verdictOn(
  request: GateRequest,
  { gate, clock }: StatusParts,
  { signal: outer }: CallOptions,
): Promise<Verdict> {
  using signal = new RunSignal(clock, undefined, outer)
  const asked = gate.check(request, signal)
  if (await settlesWithin(asked, { clock, ms: STATUS_MS, signal: outer })) return asked
  signal.abort(outer?.reason)
  const message = 'did not answer in time'
  return { allowed: false, by: 'gate', message, reason: 'unknown', role: 'unknown', epoch: 0 }
}
