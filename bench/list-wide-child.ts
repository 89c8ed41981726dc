import { createHash } from 'node:crypto'
import { openLocalBackend } from '@holdfast/backend-local'
import { rssAnon } from './rss.ts'

/** What the process of `local.list.wide` saw. */
export interface Listed {
  readonly ms: number
  readonly result: string
  /** Bytes. */
  readonly rssAnonPeak: number
}

const backend = await openLocalBackend({ root: process.argv[2] ?? '' })
let peak = rssAnon()
// Between the pages, and while the folder is read, when there are none.
const watch = setInterval(() => {
  peak = Math.max(peak, rssAnon())
}, 10)
const hash = createHash('sha256')
let count = 0
const start = performance.now()
for await (const { keys } of backend.list()) {
  hash.update(count === 0 ? keys.join('\n') : `\n${keys.join('\n')}`)
  count += keys.length
  peak = Math.max(peak, rssAnon())
}
const ms = performance.now() - start
clearInterval(watch)
const listed: Listed = { ms, result: `${count} ${hash.digest('hex')}`, rssAnonPeak: peak }
console.log(JSON.stringify(listed))
await backend.stop?.()
