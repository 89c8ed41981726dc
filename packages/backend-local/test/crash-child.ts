import { openLocalBackend } from '@holdfast/backend-local'
import { type FailpointName, FailpointRegistry } from '@holdfast/core'

// Arguments: root, failpoint, keys. Kills itself at the failpoint after naming it on standard output.
const [root = '', point = '', ...keys] = process.argv.slice(2)
const failpoints = new FailpointRegistry()
const backend = await openLocalBackend({ root, failpoints })
failpoints.arm(point as FailpointName, { kind: 'crash', report: 1 })
if (point.startsWith('local.delete')) await backend.delete(keys.map((key) => ({ key })))
else for (const key of keys) await backend.write(key, new Uint8Array(300_000).fill(7))
console.log('survived')
