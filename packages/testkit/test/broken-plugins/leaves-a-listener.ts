import { describeBroken } from './base/describe-broken.ts'

// One listener more with every node of the process.
describeBroken(() => ({
  setup: ({ log, onStart }) =>
    onStart(() => void process.on('SIGHUP', () => log.info({}, 'would read its list again'))),
}))
