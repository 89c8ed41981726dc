import { describeBroken } from './base/describe-broken.ts'

// A release that did not touch the plugin's own version.
describeBroken(() => ({ spec: { version: '0.9.0' } }))
