import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode, definePlugin, type PlanItem, parsePath, totalsOf } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { backendMemory } from '@holdfast/testkit'
import { alone, type BenchLine, fileSystemOf } from './pairs.ts'
import { rssAnon } from './rss.ts'

const N = 1_000_000
const PAGE = 1000
/** What a plan of a million files may add to the process at its worst moment; held in memory it takes more than 400 MiB. */
const MOST = 160 * 1024 ** 2

/** Plans a million files, executes the plan, and looks at the memory after every page: it must not grow with the plan. */
export async function planMemory(): Promise<BenchLine & Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  let peak = 0
  const look = () => {
    peak = Math.max(peak, rssAnon())
  }
  const job = definePlugin({
    name: 'bench-sweeper',
    id: 'sweeper',
    version: '1.0.0',
    api: '1.0',
    setup: ({ jobs }) =>
      jobs.define({
        name: 'sweep',
        doc: 'Takes everything, and does nothing.',
        action: 'condemn',
        async *plan(_request, { population }) {
          population('ns', N)
          for (let at = 0; at < N; at += PAGE) {
            look()
            yield Array.from({ length: PAGE }, (_, index) => item(at + index))
          }
        },
        async act(chunk) {
          look()
          return { done: totalsOf(chunk), skipped: {} }
        },
      }),
  })
  try {
    const node = await createNode({
      plugins: [backendMemory({}), manifest({ dataDir: folder }), job],
      log: 'error',
    }).start()
    const before = rssAnon()
    const [planned, plan] = await timed(() => node.jobs.plan('sweep'))
    const planning = peak - before
    const [acted, run] = await timed(() => node.jobs.run('sweep', { plan: plan.id, act: true }))
    const spool = statSync(join(folder, 'journal', 'data.mdb')).size
    await node.stop()
    return {
      ...alone,
      ours: peak - before,
      better: 'lower',
      bound: MOST,
      n: N,
      fs: fileSystemOf(folder),
      sync: 'every chunk',
      peerCommand: 'none: bytes of RssAnon that a plan adds',
      done: run.done.files,
      rssAnonGrowthPlanningMiB: mib(planning),
      rssAnonGrowthMiB: mib(peak - before),
      planSeconds: planned,
      runSeconds: acted,
      journalMiB: mib(spool),
      pass: peak - before <= MOST && run.done.files === N,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function item(index: number): PlanItem {
  const path = parsePath(`ns/2026/01/01/00/part-${String(index).padStart(9, '0')}.parquet`)
  const key =
    `${path.slice(0, -8)}~01K0000000000${String(index).padStart(13, '0')}.parquet` as PlanItem['key']
  return { path, key, generation: index + 1, namespace: 'ns', size: 1000, rows: 10, reason: 'bench' }
}

async function timed<T>(fn: () => Promise<T>): Promise<[seconds: number, T]> {
  const start = performance.now()
  const result = await fn()
  return [Math.round(performance.now() - start) / 1000, result]
}

const mib = (bytes: number) => Math.round((bytes / 1024 ** 2) * 10) / 10
