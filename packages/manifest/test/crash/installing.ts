// Argument: a folder. Two nodes share a log; the second is left behind by it and takes the first one's state.
import { join } from 'node:path'
import { createNode, definePlugin, FailpointRegistry } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { backendMemory, crashChild, memoryLog } from '@holdfast/testkit'
import { AFTER, BEFORE } from './installing-plan.ts'

const [folder = ''] = process.argv.slice(2)
const shared = memoryLog()

const nodeOf = (id: string, failpoints = new FailpointRegistry()) =>
  createNode({
    id,
    failpoints,
    log: 'silent',
    plugins: [
      backendMemory(),
      definePlugin({
        name: 'test-log',
        id: 'test-log',
        version: '1.0.0',
        api: '1.0',
        provides: ['log'],
        setup: ({ provide }) => provide('log', () => shared.connect(id)),
      }),
      manifest({ dataDir: join(folder, id) }),
    ],
  })

const source = await nodeOf('one').start()
const early = await nodeOf('two').start()
const set = (at: number) =>
  source.service('manifest').commit({ ops: [{ type: 'set', name: `s${at}`, value: at }] })
for (let at = 1; at <= BEFORE; at++) await set(at)
await early.service('manifest').barrier()
await early.stop()
for (let at = BEFORE + 1; at <= AFTER; at++) await set(at)
shared.truncate(shared.head)
const late = await nodeOf('two', crashChild()).start()
using rows = source.service('manifest').rows()
await late.service('manifest').install(rows)
await late.stop()
await source.stop()
