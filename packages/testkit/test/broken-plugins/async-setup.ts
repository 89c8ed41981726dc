import { describeBroken } from './base/describe-broken.ts'

// Compiles, since a function without a result may be an async one, and goes on after the node has been assembled.
describeBroken(() => ({
  setup: (async () => {
    await Promise.resolve()
  }) as () => void,
}))
