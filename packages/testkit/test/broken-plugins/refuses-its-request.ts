import { describeBroken } from './base/describe-broken.ts'

// Wants to be asked for something that nobody has told the suite.
describeBroken(() => ({ job: () => ({ check: () => ['say how many'] }) }))
