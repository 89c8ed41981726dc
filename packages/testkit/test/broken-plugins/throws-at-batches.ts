import { describeBroken } from './base/describe-broken.ts'

// Gets the same batch again for ever, and holds the log back with it.
describeBroken(() => ({
  setup: ({ hooks }) =>
    hooks.onManifestBatch.tap(async () => {
      throw new Error('no luck')
    }),
}))
