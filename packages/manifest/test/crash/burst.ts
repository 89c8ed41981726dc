// Argument: the folder of the node. Writes files in groups of three and deletes most groups, each by one batch, until
// it is killed. Says what is acknowledged.
import { crashChild } from '@holdfast/testkit'
import { BURST_GROUP, fateOf, groupName } from './burst-plan.ts'
import { nodeIn } from './node.ts'

const [folder = ''] = process.argv.slice(2)
const node = await nodeIn(folder, crashChild()).start()
const manifest = node.service('manifest')
console.log('begun')

async function group(number: number): Promise<void> {
  const name = groupName(number)
  const entries = await Promise.all(
    BURST_GROUP.map(async (file) => {
      const entry = await node.files.write(`${name}/${file}`, `${name}/${file}\n`.repeat(1 + (number % 500)))
      console.log(`written ${name}/${file}`)
      return entry
    }),
  )
  const fate = fateOf(number)
  if (fate === 'kept') return
  const delay = fate === 'erased' ? 0 : 3_600_000
  const { position } = await manifest.commit({
    ops: entries.map(({ key, generation }) => ({ type: 'condemn', key, generation, delay, reason: fate })),
  })
  console.log(`${fate} ${name} ${position.index}`)
}

const LANES = 4
await Promise.all(
  Array.from({ length: LANES }, async (_, lane) => {
    for (let number = lane; ; number += LANES) await group(number)
  }),
)
