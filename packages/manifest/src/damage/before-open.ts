import { HoldfastError, type Logger } from '@holdfast/core'
import type { Finding, LastStop } from './last-stop.ts'
import { look } from './look.ts'

export interface BeforeOpenParts {
  readonly dataDir: string
  /** How long the look at every row may take, ms; 0: none is taken. */
  readonly checkTime: number
  readonly log: Logger
  readonly signal?: AbortSignal
}

/**
 * Makes sure that opening a data folder does not end the process, or serve what is wrong. Gives true for a new one.
 * What is found is written down: the next start says the same at once.
 * @throws HF_MANIFEST_CORRUPT, HF_JOURNAL_CORRUPT
 */
export async function beforeOpen(lastStop: LastStop, parts: BeforeOpenParts): Promise<boolean> {
  const verdict = lastStop.judge()
  switch (verdict.kind) {
    case 'new':
      return true
    case 'sound':
      return false
    case 'damaged':
      throw damaged(verdict.finding, parts.dataDir)
    case 'look': {
      if (parts.checkTime === 0) return false
      const finding = await lookAtAll(verdict.why, parts)
      if (!finding) return false
      lastStop.damaged(finding)
      throw damaged(finding, parts.dataDir)
    }
  }
}

async function lookAtAll(
  why: string,
  { dataDir, checkTime, log, signal }: BeforeOpenParts,
): Promise<Finding | undefined> {
  const { findings, rows, cutShort } = await look(dataDir, {
    timeLimit: checkTime,
    ...(signal && { signal }),
    onProgress: (done) => log.info({ rows: done }, 'every row is looked at before the start'),
  })
  if (cutShort !== undefined)
    log.warn({ rows, cause: cutShort }, 'the start goes on; not every row was looked at')
  else log.info({ rows, why }, 'every row was looked at')
  // The manifest's damage is the one that matters.
  return findings.find(({ where }) => where === 'manifest') ?? findings[0]
}

function damaged({ where, problem }: Finding, dataDir: string): HoldfastError {
  const cure =
    where === 'manifest'
      ? `put the folder ${dataDir} back from a copy; the files in the store are not touched`
      : `remove ${dataDir}/journal: only the history of runs and the plans are lost`
  return new HoldfastError(
    where === 'manifest' ? 'HF_MANIFEST_CORRUPT' : 'HF_JOURNAL_CORRUPT',
    `the ${where} is damaged: ${problem}; ${cure}`,
    { operation: 'start', context: { dataDir, problem } },
  )
}
