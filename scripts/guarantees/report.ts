import { existsSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import type { JsonTestResults } from 'vitest/node'

export const REPORT_FILE = '.reports/vitest.json'

export interface ReportedTest {
  /** Relative to the root. */
  readonly file: string
  readonly title: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** How long it took, ms. */
  readonly ms: number
}

export interface TestReport {
  /** ms since 1970, when the run began: what was edited later was not tested. */
  readonly startedAt: number
  readonly files: readonly string[]
  readonly tests: readonly ReportedTest[]
  /** Files that failed as a whole, most often because they could not be loaded. */
  readonly brokenFiles: readonly string[]
}

/** Vitest's JSON report of a finished run; undefined if there is none. */
export function readReport(root: string): TestReport | undefined {
  const path = join(root, REPORT_FILE)
  if (!existsSync(path)) return undefined
  const results: JsonTestResults = JSON.parse(readFileSync(path, 'utf8'))
  const files = results.testResults.map((result) => ({
    ...result,
    file: relative(root, result.name).split(sep).join('/'),
  }))
  return {
    startedAt: results.startTime,
    files: files.map(({ file }) => file),
    tests: files.flatMap(({ file, assertionResults }) =>
      assertionResults.map(({ title, status, duration }) => ({
        file,
        title,
        outcome: status === 'passed' || status === 'failed' ? status : 'skipped',
        ms: duration ?? 0,
      })),
    ),
    brokenFiles: files
      .filter(({ status, assertionResults }) => {
        return status === 'failed' && !assertionResults.some((test) => test.status === 'failed')
      })
      .map(({ file, message }) => `${file}: ${message.split('\n')[0]}`),
  }
}

/** The line that closes a check. A file that failed as a whole counts as one failed test. */
export function tallyOf({ tests, brokenFiles }: TestReport): string {
  const count = (outcome: ReportedTest['outcome']) => tests.filter((test) => test.outcome === outcome).length
  const failed = count('failed') + brokenFiles.length
  return `${count('passed')} passed, ${failed} failed, ${count('skipped')} skipped`
}
