import { describeBroken } from './base/describe-broken.ts'
import { condemn } from './base/sweeper.ts'

// Says what it has done once everything is done; a run that ends early has done nothing.
describeBroken(() => ({
  job: () => ({
    async act(chunk, context) {
      await condemn(chunk, context)
      return { done: { files: 0, bytes: 0, rows: 0 }, skipped: {} }
    },
  }),
}))
