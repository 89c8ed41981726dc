import { describeBroken } from './base/describe-broken.ts'
import { condemn } from './base/sweeper.ts'

// Writes a report of every run, which the next run finds and sweeps.
describeBroken(() => ({
  job: () => ({
    async act(chunk, context) {
      const outcome = await condemn(chunk, context)
      await context.services.files.write(`reports/${context.run}`, 'swept', { minTime: 0, maxTime: 0 })
      return outcome
    },
  }),
}))
