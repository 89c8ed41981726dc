import type { Denial } from '@holdfast/core'
import { describeBroken } from './base/describe-broken.ts'

// Means "yes"; the node takes it for a no.
describeBroken(() => ({
  setup: ({ hooks }) => hooks.gate.tap(async () => true as unknown as Denial),
}))
