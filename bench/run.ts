import { hooksBatch } from './hooks-batch.ts'
import { hooksGate } from './hooks-gate.ts'
import { manifestCommit } from './manifest-commit.ts'
import { manifestCommitSingle } from './manifest-commit-single.ts'
import { manifestCounts } from './manifest-counts.ts'
import { manifestMemory } from './manifest-memory.ts'
import { manifestOpen } from './manifest-open.ts'
import { manifestScanKeys } from './manifest-scan-keys.ts'
import type { Bench } from './pairs.ts'
import { planMemory } from './plan-memory.ts'

/** `pnpm bench <name>`: runs one benchmark and prints one JSON line. `--quick`: the one of exact counts, without times. */
const BENCHES: Record<string, Bench> = {
  'hooks.batch': hooksBatch,
  'hooks.gate': hooksGate,
  'jobs.plan': planMemory,
  'manifest.commit': manifestCommit,
  'manifest.commit.single': manifestCommitSingle,
  'manifest.counts': manifestCounts,
  'manifest.memory': manifestMemory,
  'manifest.open': manifestOpen,
  'manifest.scan.keys': manifestScanKeys,
}

const [asked = ''] = process.argv.slice(2)
const name = asked === '--quick' ? 'manifest.counts' : asked
const bench = BENCHES[name]
if (!bench) {
  console.error(`no benchmark "${name}"; there are ${Object.keys(BENCHES).join(', ')}`)
  process.exit(1)
}
const line = await bench()
console.log(JSON.stringify({ name, ...line }))
process.exit(line.pass ? 0 : 1)
