import { duration, time } from '../terminal/units.ts'
import { type Finding, failed, ok, warning } from './finding.ts'
import type { FolderFacts } from './folder.ts'

/** The gate asks for a word on the clock when the newest record is older than this, ms. */
const HORIZON = 7 * 86_400_000
/** Most that the time of a new file may differ from the clock, ms. */
const SKEW = 10_000

/** Whether the clock can be believed. `newest`: time of the newest record, 0 when there is none. */
export function clockFindings(
  newest: number,
  written: FolderFacts['time'],
  now = Date.now(),
): readonly Finding[] {
  if (now < newest)
    return [
      failed(
        'clock',
        `the clock says ${time(now)} UTC, ${duration(newest - now)} before the newest record: nothing is deleted`,
        'set the clock right, such as with timedatectl set-ntp true',
      ),
    ]
  const findings: Finding[] = []
  if (newest > 0 && now - newest > HORIZON)
    findings.push(
      warning(
        'clock',
        `the newest record is ${duration(now - newest)} old, so it may be the clock that is wrong: nothing is deleted`,
        'if the clock is right: holdfast trust-clock --act, while the node runs, or write a file',
      ),
    )
  const skew = written === undefined ? 0 : Math.abs(written.clock - written.file)
  if (skew > SKEW)
    findings.push(
      warning(
        'clock',
        `a file that was just written is dated ${duration(skew)} off the clock`,
        'set the clock of this machine, or of the one that serves the disk, right',
      ),
    )
  return findings.length > 0 ? findings : [ok('clock', `the clock says ${time(now)} UTC`)]
}
