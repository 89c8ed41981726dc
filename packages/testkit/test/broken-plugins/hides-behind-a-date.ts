import { duration } from '@holdfast/core'
import { describeBroken } from './base/describe-broken.ts'

// The dash of the date is no word about negative values.
describeBroken(() => ({
  spec: {
    config: {
      maxAge: duration({
        doc: 'Files older than this go, since 2027-12-31.',
        default: '30d',
        min: -86_400_000,
      }),
    },
  },
}))
