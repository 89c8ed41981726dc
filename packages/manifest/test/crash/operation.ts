// Arguments: the folder of a prepared node, and the name of an operation. Says which points it has passed before, does
// it, and says that it is done.
import { crashChild } from '@holdfast/testkit'
import { nodeIn } from './node.ts'
import { OPERATIONS } from './operations.ts'

const [folder = '', name = ''] = process.argv.slice(2)
const failpoints = crashChild()
const passed = failpoints.census()
const node = await nodeIn(folder, failpoints).start()
console.log(JSON.stringify(Object.fromEntries(passed)))
await OPERATIONS[name]?.ask(node)
console.log('done')
// Whatever follows from it, in the background, happens in this life.
await node.eraser.drain()
await node.hooks.drain()
await node.stop()
