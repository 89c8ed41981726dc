import { memoryLog } from '@holdfast/testkit'
import { describeBroken } from './base/describe-broken.ts'

const one = memoryLog({ maxRecordBytes: 10_000 })

// Each case gets the log of the case before.
describeBroken(
  () => ({}),
  () => one,
)
