import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KeyValue } from '../../src/store/key-value.ts'
import { openLmdb } from '../../src/store/lmdb.ts'
import { openMemory } from '../../src/store/memory.ts'
import { openState, stateOver } from '../open-state.ts'
import { tempFolder } from '../support.ts'
import { commands, type World } from './commands.ts'
import { emptyTable } from './table.ts'

const newWorld = (reached: Set<string>): World => ({
  reached,
  table: emptyTable(),
  real: 10_000,
  behind: 0,
  bytes: new Set(),
  lost: new Set(),
  deletes: [],
  batches: [],
})

/** Every sequence of commands against the table and the real code, which must agree after each. */
async function agree(open: () => KeyValue, options: { readonly runs: number; readonly most: number }) {
  const { seal } = await openState(openMemory())
  const reached = new Set<string>()
  const property = fc.property(fc.commands(commands, { maxCommands: options.most, size: 'max' }), (cmds) => {
    const store = open()
    const first = stateOver(store, seal)
    const real = { open: first, reopen: () => stateOver(store, seal, real.open) }
    fc.modelRun(() => ({ model: newWorld(reached), real }), cmds)
    void store.close()
  })
  fc.assert(property, { numRuns: options.runs })
  return reached
}

describe('the real code and the transition table', () => {
  it('[M-18] agree after every step: outcomes, states, indexes; no listed file ever lacks its bytes', async () => {
    const reached = await agree(openMemory, { runs: 500, most: 80 })
    // Of 53 pairs of an op and what becomes of it; those that are missing are rare.
    expect(reached.size).toBeGreaterThan(45)
  }, 120_000)

  it('[M-18] agree over LMDB as over memory', async () => {
    await agree(() => openLmdb(tempFolder()), { runs: 15, most: 40 })
  }, 120_000)
})
