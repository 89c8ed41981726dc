import type { Clock } from '../clock.ts'
import type { Secrets } from '../config/secrets.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Journal } from './journal.ts'
import type { Registered } from './registered.ts'
import type { JobRun } from './run.ts'

interface RecoveryParts {
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Logger
  readonly secrets: Secrets
}

/** Gives runs that ended with their process an outcome: their counts are those of the last chunk that was recorded. */
export async function closeOpenRuns({ journal, clock, log }: RecoveryParts): Promise<void> {
  try {
    for (const run of await journal.openRuns()) {
      await journal.recordRun({
        ...run,
        endedAt: clock.now(),
        outcome: {
          status: 'aborted',
          reason: 'unknown',
          message: 'the process ended in the middle of this run; its end is the start of the next process',
        },
      })
      log.warn({ job: run.job, run: run.id, done: run.done }, 'a run was cut short by the end of its process')
    }
  } catch (error) {
    log.error({ cause: messageOf(error) }, 'the runs of an earlier process could not be closed')
  }
}

/** Reads the last run of each job, so that the status never has to wait for a disk. */
export async function lastRuns(
  jobs: Iterable<Registered>,
  { journal, log, secrets }: Pick<RecoveryParts, 'journal' | 'log' | 'secrets'>,
): Promise<void> {
  for (const known of jobs)
    try {
      const runs = await journal.runs(known.definition.name)
      known.lastRun = runs.find((run): run is JobRun => run.outcome !== undefined)
    } catch (error) {
      known.problem = secrets.mask(messageOf(error))
      log.error(
        { job: known.definition.name, cause: messageOf(error) },
        'the history of a job cannot be read',
      )
    }
}
