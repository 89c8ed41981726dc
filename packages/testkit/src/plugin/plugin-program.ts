import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { crashChild } from '../crash/crash-child.ts'
import { FakeClock } from '../fake-clock.ts'
import { keptObjects } from '../kept-objects.ts'
import { digestOf } from '../test-node/digest.ts'
import { ingredientsIn, nodeIn } from '../test-node/place.ts'
import type { PluginFactory, PluginSurroundings } from './options.ts'
import { drain, runUntilSettled } from './settle.ts'
import { FEW } from './subject.ts'

/**
 * The crash program of a plugin: the whole of a file that `describePlugin` is given as `program`. One life of a node
 * in the folder of its first argument; the second says whether it prepares files or runs the plugin's jobs until they
 * come to rest, and says what the node then holds.
 *
 * ```ts
 * await pluginProgram(() => tidy({ olderThan: '30d' }), { node, prepare })
 * ```
 */
export async function pluginProgram(factory: PluginFactory, surroundings: PluginSurroundings): Promise<void> {
  const [folder = '', what] = process.argv.slice(2)
  const failpoints = crashChild()
  const dataDir = join(folder, 'data')
  mkdirSync(dataDir, { recursive: true })
  const place = {
    clock: new FakeClock(surroundings.now),
    failpoints,
    objects: keptObjects(join(folder, 'objects')),
    dataDir,
  }
  const plugin = factory()
  const { plugins } = ingredientsIn(place, (at) => [...(surroundings.node?.(at) ?? []), plugin])
  const node = nodeIn(place, plugins)
  await node.start()
  const { objects, clock } = place
  if (what === 'prepare') await surroundings.prepare?.(node, FEW)
  else {
    const own = node.jobs.names().filter((name) => name === plugin.id || name.startsWith(`${plugin.id}-`))
    const digest = () => digestOf(node, objects)
    for (const job of own) {
      const settled = await runUntilSettled({ node, clock, digest }, job, surroundings.requests?.[job] ?? {})
      if (!settled.settled) throw new Error(`job ${job} does not come to rest: ${settled.why}`)
    }
    await drain({ node, clock })
    process.stdout.write(`${(await digest()).content}\n`)
  }
  await node.stop()
}
