import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type CallOptions, createIds, FailpointRegistry, HoldfastError, systemClock } from '@holdfast/core'
import { lockDataDir } from '../data-dir/lock.ts'
import { look } from './look.ts'

export interface CheckOptions extends CallOptions {
  /** Milliseconds after which the check is given up. Default: never. */
  readonly timeLimit?: number
  /** Hears of the rows that were read so far, now and then. */
  readonly onProgress?: (rows: number) => void
}

/** What a check of a data folder found. */
export interface DataDirReport {
  /** True when everything was looked at and nothing is wrong. */
  readonly sound: boolean
  /** What is wrong, in words; at most some hundred. */
  readonly problems: readonly string[]
  /** Rows that were read. */
  readonly rows: number
  /** Why not everything was looked at, or undefined. */
  readonly cutShort?: string
}

/**
 * Looks at everything in the data folder of a stopped node: every page and row of the manifest and the journal, and
 * every index, counter and digest against what it stands for. Changes nothing, and survives a file that would end the
 * process that reads it.
 * @throws HF_DATADIR_IN_USE while a node runs on it, HF_OPTION_INVALID when there is no manifest in it
 */
export async function checkDataDir(dataDir: string, options: CheckOptions = {}): Promise<DataDirReport> {
  if (!existsSync(join(dataDir, 'manifest', 'data.mdb')))
    throw new HoldfastError(
      'HF_OPTION_INVALID',
      `${dataDir} is not the data folder of a node: there is no manifest in it`,
      {
        operation: 'checkDataDir',
        context: { dataDir },
      },
    )
  const lock = lockDataDir(dataDir, createIds(systemClock).next(), new FailpointRegistry())
  try {
    const { findings, rows, cutShort } = await look(dataDir, { ...options, deep: true })
    const problems = findings.map(({ where, problem }) => `${where}: ${problem}`)
    return {
      sound: problems.length === 0 && cutShort === undefined,
      problems,
      rows,
      ...(cutShort && { cutShort }),
    }
  } finally {
    lock.release()
  }
}
