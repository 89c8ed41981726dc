// Argument: the folder of the node. Says that its manifest is the one to go by, and ends.
import { crashChild } from '@holdfast/testkit'
import { nodeIn } from './node.ts'

const [folder = ''] = process.argv.slice(2)
const node = await nodeIn(folder, crashChild()).start()
await node.service('manifest').acknowledge({ actor: 'ada' })
await node.stop()
