import { openLocalBackend } from '@holdfast/backend-local'

/** Lists a folder to its end, and neither stops the backend nor ends the process. */
const backend = await openLocalBackend({ root: process.argv[2] ?? '' })
let count = 0
for await (const page of backend.list()) count += page.keys.length
console.log(count)
