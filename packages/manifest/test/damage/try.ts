// Arguments: the folder of a node that was killed, a scratch folder, the number of flips, of truncations, and which
// lane of how many. Damages a copy in each way, starts the node on it twice, and says what came of it.
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isHoldfastError } from '@holdfast/core'
import { crashChild } from '@holdfast/testkit'
import { condemn, FENCE, register } from '../support.ts'
import { damagedCopy, damagesOf, dataFile, nodeIn, valuesOf } from './node.ts'

crashChild()
const [base = '', scratch = '', flips, truncations, lane, lanes] = process.argv.slice(2)
const expected = readFileSync(join(scratch, 'expected'), 'utf8')
const damages = damagesOf(statSync(dataFile(base)).size, Number(flips), Number(truncations))

/** A life that also writes: a damaged list of free pages would lead it over rows. */
async function live(folder: string): Promise<string> {
  const node = nodeIn(folder)
  try {
    await node.start()
  } catch (error) {
    return isHoldfastError(error) && error.message.includes('from a copy')
      ? error.code
      : `failed with ${error}`
  }
  try {
    if (valuesOf(node).join('\n') !== expected) return 'WRONG VALUES'
    const manifest = node.service('manifest')
    for (let round = 0; round < 3; round++) {
      const paths = Array.from({ length: 100 }, (_, at) => `new/${round}/${at}`)
      await manifest.commit({ ops: paths.map((path) => register(path)), fence: FENCE })
      const listed = manifest.entries({ prefix: `new/${round}/`, limit: 1000 }).items
      await manifest.commit({
        ops: listed.map(({ key, generation }) => condemn(key, generation)),
        fence: FENCE,
      })
    }
    const problems = manifest.check()
    return problems.length === 0 ? 'sound' : `WRONG AFTERWARDS ${problems[0]}`
  } finally {
    await node.stop()
  }
}

for (const [number, damage] of damages.entries()) {
  if (number % Number(lanes) !== Number(lane)) continue
  const folder = join(scratch, `try-${lane}`)
  damagedCopy(base, folder, damage)
  const first = await live(folder)
  const begun = performance.now()
  // Whoever was refused is refused again, at once.
  const second = first.startsWith('HF_') ? await live(folder) : 'not tried'
  console.log(
    `${number} ${first} ${second} ${Math.round(performance.now() - begun)} ${JSON.stringify(damage)}`,
  )
}
