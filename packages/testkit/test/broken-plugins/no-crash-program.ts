import { describeBroken } from './base/describe-broken.ts'

// Has a point to be killed at, and nothing that is killed there.
describeBroken(() => ({ spec: { failpoints: ['job.chunk.before'] } }))
