// Argument: the folder of the node. Commits one record after the other, lets the log be truncated now and then, and
// says the floor each time. A later life goes on where an earlier one was killed.
import { crashChild } from '@holdfast/testkit'
import { openedOf } from '../opened.ts'
import { EVERY, RECORDS, truncatingNode } from './truncating-node.ts'

const [folder = ''] = process.argv.slice(2)
const node = await truncatingNode(folder, crashChild()).start()
const { state, records, truncation } = openedOf(node)
for (let index = state.head.index; index <= RECORDS; index = state.head.index) {
  if (index > 0 && index % EVERY === 0) {
    await node.hooks.drain()
    await truncation.run()
    console.log(`floor ${records.floor().index}`)
  }
  if (index === RECORDS) break
  await node.files.write(`f${index}`, `${index}`)
}
await node.stop()
