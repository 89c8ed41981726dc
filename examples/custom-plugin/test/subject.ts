import type { Plugin } from '@holdfast/core'
import { operatingRules } from '@holdfast/example-custom-plugin'
import { manifest } from '@holdfast/manifest'
import type { PluginSurroundings } from '@holdfast/testkit'

/** The plugin as its suite sees it, with bytes that go at once, so that the eraser has its part too. */
export const subject = (): Plugin => operatingRules({ maintenance: '22:00-06:00', eraseDelay: 0 })

export const surroundings: PluginSurroundings = {
  now: Date.parse('2026-06-01T22:00:00Z'),
  node: ({ dataDir }) => [manifest({ dataDir })],
  async prepare(node, files) {
    const write = (path: string, keepUntil: string) =>
      node.files.write(path, path, { metadata: { keepUntil } })
    const over = Array.from({ length: files }, (_, index) => write(`over/${index}`, '2026-05-31'))
    await Promise.all([
      ...over,
      write('kept/until-later', '2027-01-01'),
      node.files.write('kept/undated', 'x'),
    ])
  },
}
