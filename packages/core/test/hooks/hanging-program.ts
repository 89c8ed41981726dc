// Stops a node while a tap hangs that holds nothing which would keep the process alive.
import { createNode, definePlugin } from '@holdfast/core'
import { MemoryBatches } from './memory-batches.ts'

const batches = new MemoryBatches()
const called = Promise.withResolvers<void>()
const plugin = definePlugin({
  name: 'hanging',
  id: 'hanging',
  version: '1.0.0',
  api: '1.0',
  provides: ['batches'],
  setup({ hooks, provide }) {
    provide('batches', () => batches)
    hooks.onManifestBatch.tap(() => {
      called.resolve()
      return new Promise(() => undefined)
    })
  },
})
const node = await createNode({ plugins: [plugin], id: 'n', log: 'silent', stopDeadline: 100 }).start()
batches.append(['1'])
await called.promise
await node.stop()
console.log('stopped')
