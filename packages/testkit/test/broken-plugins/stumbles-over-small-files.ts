import { describeBroken } from './base/describe-broken.ts'

// A file of seven bytes is none of its business, and no failure.
describeBroken(() => ({
  setup: ({ hooks }) =>
    hooks.inspectFile.tap(async ({ read, size }) => {
      await read({ start: size - 8, end: size })
      return undefined
    }),
}))
