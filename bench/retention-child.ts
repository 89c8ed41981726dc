import { readlinkSync, realpathSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { RESERVED_FOLDER } from '@holdfast/core'
import { retentionNode } from './hours.ts'
import { openRows } from './manifest-node.ts'
import { rssAnon } from './rss.ts'

/** What a process saw that let retention run once, until nothing was left to erase. */
export interface Ran {
  readonly ms: number
  /** Processor time of the whole process, and of its main thread, ms. */
  readonly cpuMs: number
  readonly mainCpuMs: number
  /** Until the run had ended; bytes went meanwhile, and go on after it. */
  readonly condemnedMs: number
  readonly condemned: number
  readonly waiting: number
  readonly setAside: number
  readonly listed: number
  /** Rows of the state after it, by the manifest's own count. */
  readonly digest: string
  /** Transactions of the manifest and of the journal, each of which is one sync, and syncs of folders of files. */
  readonly transactions: number
  readonly journal: number
  readonly folderSyncs: number
  /** RssAnon by files that were condemned, bytes; after the collector has run, where it can be asked. */
  readonly memory: readonly (readonly [files: number, bytes: number])[]
}

const [dataDir = '', root = '', asOf = ''] = process.argv.slice(2)
const syncs = await countSyncs(root)
const node = await retentionNode({ dataDir, root }).start()
const counters = [openRows(join(dataDir, 'manifest')), openRows(join(dataDir, 'journal'))]
const transactions = () =>
  counters.map((db) => {
    // A read transaction lives for a turn of the event loop: this one must be new.
    db.resetReadTxn()
    return (db.getStats() as { readonly lastTxnId: number }).lastTxnId
  })
const before = transactions()
syncs.count = 0
const memory: [number, number][] = []
const cpu = process.cpuUsage()
const mainCpu = process.threadCpuUsage()
const start = performance.now()
const run = await node.jobs.run(
  'retention',
  { act: true, asOf: Number(asOf) },
  {
    onProgress: ({ phase, done }) => {
      if (phase !== 'acting') return
      globalThis.gc?.()
      memory.push([done, rssAnon()])
    },
  },
)
const condemnedMs = performance.now() - start
const { waiting, setAside, held } = await node.eraser.drain()
const ms = performance.now() - start
const cpuMs = msOf(process.cpuUsage(cpu))
const mainCpuMs = msOf(process.threadCpuUsage(mainCpu))
const after = transactions()
const manifest = node.service('manifest')
const ran: Ran = {
  ms,
  cpuMs,
  mainCpuMs,
  condemnedMs,
  condemned: run.done.files,
  waiting: waiting + held + node.eraser.backlog(),
  setAside: setAside.length,
  listed: manifest.namespaces().items.reduce((sum, { files }) => sum + files, 0),
  digest: manifest.head().digest,
  transactions: after[0]! - before[0]!,
  journal: after[1]! - before[1]!,
  folderSyncs: syncs.count,
  memory,
}
console.log(JSON.stringify(ran))
for (const db of counters) await db.close()
await node.stop()

function msOf({ user, system }: NodeJS.CpuUsage): number {
  return Math.round((user + system) / 1000)
}

async function countSyncs(folder: string): Promise<{ count: number }> {
  const counted = { count: 0 }
  const probe = await open(folder)
  const prototype = Object.getPrototypeOf(probe) as typeof probe
  await probe.close()
  const { sync } = prototype
  prototype.sync = function (this: typeof probe) {
    // The node's own records, and what lies in its data folder, are written whenever there is time, not for each run.
    const [first = ''] = relative(realpathSync(folder), readlinkSync(`/proc/self/fd/${this.fd}`)).split('/')
    if (!['', '..', RESERVED_FOLDER].includes(first)) counted.count++
    return sync.call(this)
  }
  return counted
}
