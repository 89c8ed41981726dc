import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commands } from './model/commands.ts'
import { Machine } from './model/machine.ts'

describe('retention against a model', () => {
  it('[R-12] never takes what a policy, a hold or a limit keeps, and takes in the end what is due, whatever fails meanwhile', async () => {
    let condemned = 0
    await fc.assert(
      fc.asyncProperty(commands, async (all) => {
        await using machine = await Machine.start()
        for (const command of all) await machine.do(command)
        const { due, left } = await machine.finish()
        expect({ violations: machine.violations, due, left }).toEqual({ violations: [], due: [], left: [] })
        condemned += machine.condemned
      }),
      {
        numRuns: 40,
        interruptAfterTimeLimit: 100_000,
        markInterruptAsFailure: true,
      },
    )
    // A model that never sees anything go proves nothing.
    expect(condemned).toBeGreaterThan(10)
  }, 180_000)
})
