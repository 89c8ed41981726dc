import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import type { Manifest } from '@holdfast/core'
import { MemoryObjects } from '@holdfast/testkit'
import { benchNode } from './manifest-node.ts'
import { rssAnon } from './rss.ts'

/** What the child of the memory benchmark saw; memory in bytes. */
export interface Scanned {
  readonly entries: number
  readonly keys: number
  readonly rssAnonStarted: number
  readonly rssAnonScanned: number
  readonly rssAnonPeak: number
}

const [dataDir = '', store = ''] = process.argv.slice(2)
const objects = new MemoryObjects(deserialize(readFileSync(store)))
const node = await benchNode({ dataDir, objects }).start()
const rssAnonStarted = rssAnon()
let peak = 0
const entries = scan((manifest, query) => {
  const { items, next } = manifest.entries(query)
  return { count: items.length, next }
})
const keys = scan((manifest, query) => {
  const { keys, next } = manifest.keys(query)
  return { count: keys.length, next }
})
const scanned: Scanned = { entries, keys, rssAnonStarted, rssAnonScanned: rssAnon(), rssAnonPeak: peak }
console.log(JSON.stringify(scanned))
await node.stop()

/** Goes through all pages, as fast as it can: nothing waits for the collector. */
function scan(
  page: (
    manifest: Manifest,
    query: { readonly after?: string },
  ) => { readonly count: number; readonly next: string | undefined },
): number {
  let total = 0
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const { count, next } = page(node.service('manifest'), cursor === undefined ? {} : { after: cursor })
    total += count
    cursor = next
    peak = Math.max(peak, rssAnon())
  }
  return total
}
