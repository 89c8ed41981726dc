import type { Clock } from '@holdfast/core'
import { describeBroken } from './base/describe-broken.ts'

const HOUR = 3_600_000

function lookAgain(clock: Clock): void {
  clock.timer(HOUR, () => lookAgain(clock))
}

// Sets its timer anew for ever; nothing clears it.
describeBroken(() => ({
  setup: ({ clock, onStart }) => onStart(() => lookAgain(clock)),
}))
