import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KeyValue } from '../../src/store/key-value.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { openMemory } from '../../src/store/memory.ts'
import { openState, stateOver } from '../open-state.ts'
import { tempFolder } from '../support.ts'
import { catchUp, NODES, newNodesWorld, nodeCommands, type RealNodes } from './nodes.ts'

/** Three nodes over one log, each as far as it is, in every sequence of commands against the table. */
async function agree(
  open: (node: number) => KeyValue,
  options: { readonly runs: number; readonly most: number },
) {
  const { seal } = await openState(openMemory())
  const reached = new Set<string>()
  const commands = fc.commands(nodeCommands, { maxCommands: options.most, size: 'max' })
  const property = fc.asyncProperty(commands, async (cmds) => {
    const nodes = Array.from({ length: NODES }, (_, at) => stateOver(open(at), seal))
    const real: RealNodes = { seal, log: [], digests: new Map(), open: nodes }
    const world = newNodesWorld(reached, NODES)
    await fc.asyncModelRun(() => ({ model: world, real }), cmds)
    for (let at = 0; at < NODES; at++) catchUp(world, real, at)
    expect(new Set(real.open.map(({ state }) => state.head.digest)).size).toBe(1)
    for (const { store } of real.open) await store.close()
  })
  await fc.assert(property, { numRuns: options.runs })
  return reached
}

describe('several nodes over one log, and the transition table', () => {
  it('[M-18] agree with it and with one another at every record: lagging, dying, installed, with clocks that step and DELETEs that land late', async () => {
    const reached = await agree(() => openMemory(), { runs: 250, most: 80 })
    expect(reached.size).toBeGreaterThan(40)
  }, 120_000)

  it('[M-18] agree with one node over LMDB', async () => {
    await agree((at) => (at === 0 ? openLmdb(tempFolder()) : openMemory()), { runs: 10, most: 40 })
  }, 120_000)
})
