import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commands, FAULTS, GRAND_TOUR } from './model/commands.ts'
import { Machine } from './model/machine.ts'

const LIMITS = ['files', 'bytes', 'share', 'emptiness']

describe('retention against a model', () => {
  it('[R-12] never takes what a policy, a hold or a limit keeps, and takes in the end what is due, whatever fails meanwhile', async () => {
    let condemned = 0
    const met = new Set<string>()
    await fc.assert(
      fc.asyncProperty(commands, async (all) => {
        await using machine = await Machine.start()
        for (const command of all) await machine.do(command)
        const { due, left } = await machine.finish()
        expect({ violations: machine.violations, due, left }).toEqual({ violations: [], due: [], left: [] })
        condemned += machine.condemned
        for (const one of machine.met) met.add(one)
      }),
      {
        numRuns: 30,
        examples: [[GRAND_TOUR]],
        interruptAfterTimeLimit: 150_000,
        markInterruptAsFailure: true,
      },
    )
    // A model that never sees anything go proves nothing.
    expect(condemned).toBeGreaterThan(10)
    expect([...met].sort()).toEqual([...LIMITS, ...FAULTS, 'none'].sort())
  }, 240_000)
})
