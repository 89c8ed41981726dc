import { totalsOf } from '@holdfast/core'
import { describeBroken } from './base/describe-broken.ts'
import { condemn } from './base/sweeper.ts'

// Takes every end of a commit for a success, that of a cancelled one too.
describeBroken(() => ({
  job: () => ({
    act: (chunk, context) => condemn(chunk, context).catch(() => ({ done: totalsOf(chunk), skipped: {} })),
  }),
}))
