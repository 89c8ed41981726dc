// Argument: the folder of the node. Makes a manifest of some size, with files in every state.
import type { HoldfastNode, Op } from '@holdfast/core'
import { crashChild } from '@holdfast/testkit'
import { condemn, doom, erased, FENCE, register } from '../support.ts'
import { nodeIn } from './node.ts'

const [folder = ''] = process.argv.slice(2)
const node: HoldfastNode = await nodeIn(folder, crashChild()).start()
const manifest = node.service('manifest')
const commit = (ops: Op[]) => manifest.commit({ ops, fence: FENCE })
const path = (number: number) => `sales/${number % 7}/${String((number * 7919) % 1000).padStart(4, '0')}`
for (let from = 0; from < 700; from += 50)
  await commit(
    Array.from({ length: 50 }, (_, at) =>
      register(path(from + at), { maxTime: from, size: from + at, metadata: { n: `${at}` } }),
    ),
  )
for (let from = 0; from < 300; from += 30) {
  const entries = manifest.entries({ limit: 30 }).items
  await commit(
    entries.map(({ key, generation }) => condemn(key, generation, { delay: from < 150 ? 0 : 3_600_000 })),
  )
  if (from >= 150) continue
  await commit(entries.map(({ key }) => doom(key)))
  if (from < 90) await commit(entries.map(({ key }) => erased(key, 3_600_000)))
}
await node.stop()
