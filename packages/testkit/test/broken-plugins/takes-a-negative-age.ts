import { duration } from '@holdfast/core'
import { describeBroken } from './base/describe-broken.ts'

// With -1 every file is older than that: the doc does not say so, and nobody wants it.
describeBroken(() => ({
  spec: {
    config: {
      maxAge: duration({
        doc: 'Files whose newest row is older than this go.',
        default: '30d',
        min: -86_400_000,
      }),
    },
  },
}))
