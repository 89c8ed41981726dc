import { openLocalBackend } from '@holdfast/backend-local'
import { type FailpointName, FailpointRegistry } from '@holdfast/core'

// Arguments: root, key, failpoint. Kills itself at the failpoint after naming it on standard output.
const [root = '', key = '', point = ''] = process.argv.slice(2)
const failpoints = new FailpointRegistry()
const backend = await openLocalBackend({ root, failpoints })
failpoints.arm(point as FailpointName, { kind: 'crash', report: 1 })
if (point.startsWith('local.delete')) await backend.delete([{ key }])
else await backend.write(key, new Uint8Array(300_000).fill(7))
console.log('survived')
