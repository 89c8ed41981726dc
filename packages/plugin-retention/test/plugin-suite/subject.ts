import { definePlugin, type Plugin } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { retention } from '@holdfast/plugin-retention'
import type { PluginSurroundings } from '@holdfast/testkit'

const NOW = Date.UTC(2026, 5, 1)
const DAY = 86_400_000

/** Retention as the suite sees it, with bytes that go at once, so that the eraser has its part too. */
export const subject = (): Plugin =>
  retention({ policies: [{ id: 'raw', match: 'raw/**', maxAge: '90d', minAge: 0 }], eraseDelay: 0 })

export const surroundings: PluginSurroundings = {
  now: NOW,
  node: ({ dataDir }) => [manifest({ dataDir }), lengthAsTime()],
  async prepare(node, files) {
    const write = (path: string, age: number) =>
      node.files.write(path, path, { minTime: NOW - age, maxTime: NOW - age })
    const expired = Array.from({ length: files }, (_, index) => write(`raw/${index}`, 91 * DAY))
    // No path says of them when they were.
    const untimed = Array.from({ length: files }, (_, index) => node.files.write(`dark/${index}`, 'dark'))
    await Promise.all([...expired, ...untimed, write('raw/young', 1 * DAY), write('other/old', 91 * DAY)])
  },
}

/** Tells of every file that its newest row is of today, after it has read it. */
function lengthAsTime(): Plugin {
  return definePlugin({
    name: 'test-length-as-time',
    id: 'length-as-time',
    version: '1.0.0',
    api: '1.0',
    setup: ({ hooks }) =>
      hooks.inspectFile.tap(async ({ read, size }) => ({
        maxTime: NOW + (await read({ start: 0, end: size })).length,
      })),
  })
}
