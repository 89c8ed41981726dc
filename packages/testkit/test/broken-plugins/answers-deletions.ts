import { describeBroken } from './base/describe-broken.ts'

// Gives back what its cache gave, which is a failure to the node.
describeBroken(() => ({
  setup: ({ hooks }) =>
    hooks.onFileDeleted.tap((async () => 5) as () => Promise<unknown> as () => Promise<void>),
}))
