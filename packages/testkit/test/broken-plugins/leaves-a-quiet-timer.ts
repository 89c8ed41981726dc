import { describeBroken } from './base/describe-broken.ts'

// Does not keep the process alive, and looks for ever at a node that is not there any more.
describeBroken(() => ({
  setup: ({ log, onStart }) =>
    onStart(() => void setInterval(() => log.debug({}, 'would look again'), 3_600_000).unref()),
}))
