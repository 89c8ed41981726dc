// Argument: the folder of the node. Writes and deletes files and says what is acknowledged, what a reader sees, and
// what the hooks get.
import { setImmediate } from 'node:timers/promises'
import { definePlugin, FailpointRegistry } from '@holdfast/core'
import { nodeOn } from '../disk/node.ts'

const [folder = ''] = process.argv.slice(2)
const witness = definePlugin({
  name: 'witness',
  id: 'witness',
  version: '1.0.0',
  api: '1.0',
  setup({ hooks }) {
    hooks.onManifestBatch.tap(async (event) => {
      if (event.type === 'batch') console.log(`batch ${event.position.index}`)
    })
    hooks.onFileDeleted.tap(async ({ key }) => console.log(`deleted ${key}`))
  },
})
const node = await nodeOn(folder, { reserve: 0 }, new FailpointRegistry(), [witness]).start()
const manifest = node.service('manifest')

let ended = false
const seen = new Set<string>()
const reader = (async () => {
  while (!ended) {
    for (const { path } of manifest.entries().items) {
      if (seen.has(path)) continue
      seen.add(path)
      console.log(`seen ${path}`)
    }
    await setImmediate()
  }
})()

for (let round = 0; round < 4; round++) {
  const paths = Array.from({ length: 4 }, (_, number) => `sales/2026/01/0${round + 1}/0${number}/part`)
  await Promise.all(
    paths.map(async (path) => {
      await node.files.write(path, `${path}\n`.repeat(100))
      console.log(`written ${path}`)
    }),
  )
  const [gone = '', later = ''] = paths
  for (const [path, delay] of [
    [gone, 0],
    [later, 3_600_000],
  ] as const) {
    console.log(`deleting ${path}`)
    await node.files.delete(path, { delay })
    console.log(`gone ${path}`)
  }
  await node.eraser.drain()
}
await node.hooks.drain()
ended = true
await reader
await node.stop()
