import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FailpointName, messageOf } from '@holdfast/core'
import { expect, it } from 'vitest'
import { runUntilCrash } from '../crash/run-until-crash.ts'
import { LAWS } from './laws.ts'
import type { Subject } from './subject.ts'

/** Lives that run at once. */
const LANES = 4

/** Without a program nobody is killed. That is said, and holds for a plugin without failpoints of its own only. */
export function noFailpoints(subject: Subject): void {
  it('[X-01] without a crash program: the plugin has no failpoints of its own to be killed at', () => {
    expect(
      subject.factory().failpoints,
      subject.breaks('crash', 'it declares failpoints, and the suite has no program to be killed there'),
    ).toEqual([])
  })
}

export function crash(subject: Subject, program: string | URL, timeout: number): void {
  const wrong = (how: string) => subject.breaks('crash', how)

  it(`[X-01] ${LAWS.crash}`, { timeout }, async () => {
    using folders = temporaryFolder()
    // Compiled sources, shared by the many lives: a start costs half as much.
    const env = { NODE_COMPILE_CACHE: join(folders.path, 'cache') }
    const live = (name: string, what: 'prepare' | 'act', at?: FailpointName) =>
      runUntilCrash(program, {
        args: [join(folders.path, name), what],
        env,
        timeLimit: timeout,
        ...(at !== undefined && { at }),
      })
    const copyOf = (name: string) => {
      cpSync(join(folders.path, 'prepared'), join(folders.path, name), { recursive: true })
      return name
    }

    await live('prepared', 'prepare')
    const undisturbed = await live(copyOf('undisturbed'), 'act')
    const passes = 'passes' in undisturbed ? undisturbed.passes : new Map<FailpointName, number>()
    const own = subject.factory().failpoints
    expect(
      own.filter((point) => !passes.get(point)),
      wrong('its program never passes these failpoints that it declares, so that nobody is killed there'),
    ).toEqual([])
    const points = [...passes].filter(([, times]) => times > 0).map(([point]) => point)
    expect(points, wrong('its program passes no failpoint at all')).not.toEqual([])

    const wrongResults: string[] = []
    const queue = points.values()
    const lane = async () => {
      for (const point of queue) {
        const folder = copyOf(`killed-at-${point}`)
        try {
          const first = await live(folder, 'act', point)
          if (!('crashedAt' in first)) wrongResults.push(`${point}: was not killed there`)
          const next = await live(folder, 'act')
          if (next.stdout !== undisturbed.stdout)
            wrongResults.push(`${point}: the next life ends in another result`)
        } catch (error) {
          wrongResults.push(`${point}: ${messageOf(error)}`)
        }
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    expect(wrongResults, wrong('killed at a failpoint, it does not come back')).toEqual([])
  })
}

function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-crash-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
