import { describeBackend } from '@holdfast/testkit'
import { tempRoot } from './temp-root.ts'

const cases = {
  'round trip': 6,
  'atomic writes': 10,
  'exclusive writes': 4,
  listing: 8,
  deletion: 9,
  errors: 6,
  capabilities: 5,
}

describeBackend(
  'local',
  async () => {
    const temp = await tempRoot()
    return {
      backend: await temp.open(),
      reopen: () => temp.open(),
      litter: () => temp.litter(),
      dispose: async () => temp[Symbol.asyncDispose](),
    }
  },
  { cases, largeBytes: 64 * 1024 * 1024, timeout: 60_000 },
)
