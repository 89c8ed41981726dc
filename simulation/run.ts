// Simulated lifetimes: `pnpm sim --seeds 1000`; `pnpm sim --seed 7 --trace` repeats one and prints every step;
// `--nodes 3` gives every lifetime three nodes.
import { parseArgs } from 'node:util'
import { live, loadSeal } from './lifetime.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    nodes: { type: 'string' },
    trace: { type: 'boolean', default: false },
    census: { type: 'boolean', default: false },
  },
})
const one = values.seed !== undefined
const first = Number(values.seed ?? values.from)
const count = one ? 1 : Number(values.seeds ?? 100)
const nodes = values.nodes === undefined ? undefined : Number(values.nodes)
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count) || count < 1)
  throw new TypeError('pnpm sim takes --seeds <count> [--from <seed>], or --seed <seed> [--trace]')
if (nodes !== undefined && ![1, 2, 3].includes(nodes)) throw new TypeError('--nodes is 1, 2 or 3')

// Stacks cost much; a lifetime that is repeated has them.
if (!values.trace) Error.stackTraceLimit = 0
const seal = await loadSeal()
const print = values.trace ? (line: string) => console.log(line) : undefined
const census = values.census ? new Map<string, number>() : undefined
const before = process.cpuUsage()
let failed = 0
for (let seed = first; seed < first + count; seed++) {
  const { violation, steps } = await live(seed, seal, { print, census, nodes })
  if (!violation) continue
  failed++
  console.error(`seed ${seed}, step ${steps}: ${violation.message}`)
  if (!one)
    console.error(`  again: pnpm sim --seed ${seed}${nodes === undefined ? '' : ` --nodes ${nodes}`} --trace`)
}
const { user, system } = process.cpuUsage(before)
const minutes = (user + system) / 60e6
for (const [what, times] of [...(census ?? [])].sort()) console.log(`${String(times).padStart(8)} ${what}`)
console.log(`${count} lifetimes, ${failed} failed, ${Math.round(count / minutes)} per CPU-minute`)
// Lives that were abandoned in the middle of a start still hold their process.
process.exit(failed === 0 ? 0 : 1)
