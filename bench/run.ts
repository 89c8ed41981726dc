import { hooksBatch } from './hooks-batch.ts'
import { hooksGate } from './hooks-gate.ts'
import { layers } from './layers.ts'
import { localCounts } from './local-counts.ts'
import { localList } from './local-list.ts'
import { localListWide } from './local-list-wide.ts'
import { localWrite } from './local-write.ts'
import { manifestCommit } from './manifest-commit.ts'
import { manifestCommitSingle } from './manifest-commit-single.ts'
import { manifestCounts } from './manifest-counts.ts'
import { manifestMemory } from './manifest-memory.ts'
import { manifestOpen } from './manifest-open.ts'
import { manifestScanKeys } from './manifest-scan-keys.ts'
import type { Bench } from './pairs.ts'
import { planMemory } from './plan-memory.ts'
import { retentionCounts } from './retention-counts.ts'
import { retentionMemory } from './retention-memory.ts'
import { retentionPlan } from './retention-plan.ts'
import { retentionRun } from './retention-run.ts'

interface Named {
  readonly bench: Bench
  /** How many of whatever it counts a line must be about, where that is laid down: one with fewer is void. */
  readonly n?: number
}

/**
 * `pnpm bench <name>`: runs one benchmark and prints one line of JSON. `--quick`: those of exact counts (syncs,
 * transactions, requests), without times.
 */
const BENCHES: Readonly<Record<string, Named>> = {
  'hooks.batch': { bench: hooksBatch, n: 1_000_000 },
  'hooks.gate': { bench: hooksGate },
  'jobs.plan': { bench: planMemory, n: 1_000_000 },
  layers: { bench: layers },
  'local.counts': { bench: localCounts },
  'local.list': { bench: localList, n: 500_000 },
  'local.list.wide': { bench: localListWide, n: 1_000_000 },
  'local.write': { bench: localWrite },
  'manifest.commit': { bench: manifestCommit, n: 100_000 },
  'manifest.commit.single': { bench: manifestCommitSingle },
  'manifest.counts': { bench: manifestCounts },
  'manifest.memory': { bench: manifestMemory, n: 1_000_000 },
  'manifest.open': { bench: manifestOpen, n: 1_000_000 },
  'manifest.scan.keys': { bench: manifestScanKeys, n: 1_000_000 },
  'retention.counts': { bench: retentionCounts, n: 1000 },
  'retention.memory': { bench: retentionMemory, n: 200_000 },
  'retention.plan': { bench: retentionPlan, n: 10_000 },
  'retention.run': { bench: retentionRun, n: 100_000 },
}
const QUICK = ['local.counts', 'manifest.counts', 'retention.counts']

const [asked = '', size] = process.argv.slice(2)
let pass = true
for (const name of asked === '--quick' ? QUICK : [asked]) {
  const named = BENCHES[name]
  if (!named) {
    console.error(`no benchmark "${name}"; there are ${Object.keys(BENCHES).join(', ')}`)
    process.exit(1)
  }
  const line = await named.bench(size === undefined ? undefined : Number(size))
  const isVoid = named.n !== undefined && line.n !== named.n
  if (isVoid && size === undefined) throw new Error(`void: n is ${line.n}, not ${named.n}`)
  console.log(JSON.stringify({ name, ...line, ...(isVoid && { void: `n is not ${named.n}` }) }))
  pass &&= line.pass && !isVoid
}
process.exit(pass ? 0 : 1)
