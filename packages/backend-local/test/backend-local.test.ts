import { describeBackend } from '@holdfast/testkit'
import { tempRoot } from './temp-root.ts'

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
  { largeBytes: 64 * 1024 * 1024, timeout: 60_000 },
)
