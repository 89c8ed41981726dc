import { hooksBatch } from './hooks-batch.ts'
import { hooksGate } from './hooks-gate.ts'
import { manifestCommit } from './manifest-commit.ts'
import type { Bench } from './pairs.ts'
import { planMemory } from './plan-memory.ts'

/** `pnpm bench <name>`: runs one benchmark and prints one JSON line. */
const BENCHES: Record<string, Bench> = {
  'hooks.batch': hooksBatch,
  'hooks.gate': hooksGate,
  'jobs.plan': planMemory,
  'manifest.commit': manifestCommit,
}

const name = process.argv[2] ?? ''
const bench = BENCHES[name]
if (!bench) {
  console.error(`no benchmark "${name}"; there are ${Object.keys(BENCHES).join(', ')}`)
  process.exit(1)
}
const line = await bench()
console.log(JSON.stringify({ name, ...line }))
process.exit(line.pass ? 0 : 1)
