import { writeSync } from 'node:fs'
import { FailpointRegistry } from '@holdfast/core'
import { ARMING, type Arming, REPORT_FD, type Report } from './arming.ts'

/**
 * The child's side of {@link runUntilCrash}: the failpoints for the program's one node, armed as the parent asked. A
 * program that is run by hand gets them with nothing armed.
 *
 * ```ts
 * const node = await createNode({ plugins, failpoints: crashChild() }).start()
 * await node.files.write('a', 'a')
 * console.log('written')
 * await node.stop()
 * ```
 */
export function crashChild(): FailpointRegistry {
  const failpoints = new FailpointRegistry()
  const given = process.env[ARMING]
  if (given === undefined) return failpoints
  // Processes that this one starts are not meant, and do not have the pipe.
  delete process.env[ARMING]
  const { at, skip = 0 } = JSON.parse(given) as Arming
  const census = failpoints.census()
  if (at !== undefined) failpoints.arm(at, { kind: 'crash', report: REPORT_FD }, { skip })
  process.once('exit', () => {
    const passes = Object.fromEntries(failpoints.names().map((name) => [name, census.get(name) ?? 0]))
    writeSync(REPORT_FD, JSON.stringify({ passes } satisfies Report))
  })
  return failpoints
}
