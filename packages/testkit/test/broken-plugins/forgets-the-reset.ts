import type { CommittedBatch } from '@holdfast/core'
import { describeBroken } from './base/describe-broken.ts'

// Looks at the ops of everything: a reset has none.
describeBroken(() => ({
  setup: ({ hooks, log }) =>
    hooks.onManifestBatch.tap(async (event) => {
      const { ops } = event as CommittedBatch
      log.debug({ ops: ops.length }, 'saw')
    }),
}))
