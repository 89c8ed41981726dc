// Arguments: the folder of the node, a path, the text to write there. Writes, waits for the eraser, ends.
import { crashChild } from '@holdfast/testkit'
import { nodeIn } from './node.ts'

const [folder = '', path = '', text = ''] = process.argv.slice(2)
const node = await nodeIn(folder, crashChild()).start()
await node.files.write(path, text)
await node.eraser.drain()
await node.stop()
