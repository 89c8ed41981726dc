import { describeBroken } from './base/describe-broken.ts'

// Every snapshot would wait for it as long as its time limit.
describeBroken(() => ({
  setup: ({ hooks }) => hooks.beforeSnapshotWrite.tap(() => new Promise(() => undefined)),
}))
