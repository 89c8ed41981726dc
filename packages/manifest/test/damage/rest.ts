// Argument: the folder of a node that was stopped. Says every value that a reader gets.
import { isHoldfastError } from '@holdfast/core'
import { nodeIn, valuesOf } from './node.ts'

const node = nodeIn(process.argv[2] ?? '')
try {
  await node.start()
  process.stdout.write(`${valuesOf(node).join('\n')}\nall\n`)
  await node.stop()
} catch (error) {
  process.stdout.write(`${isHoldfastError(error) ? error.code : `uncoded ${error}`}\n`)
  await node.stop().catch(() => undefined)
}
