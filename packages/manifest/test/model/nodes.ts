import { FailpointRegistry, type StorageKey } from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import fc from 'fast-check'
import { expect } from 'vitest'
import { deletionsBehind } from '../../src/consumers/deletion-rows.ts'
import { EraseQueue } from '../../src/erase/queue.ts'
import { ByteWriter } from '../../src/format/bytes.ts'
import { readRecord, recordBatch, writeRecordHead } from '../../src/format/record.ts'
import type { Seal } from '../../src/format/seal.ts'
import { join } from '../../src/install/join.ts'
import { restore } from '../../src/install/restore.ts'
import { stateRows } from '../../src/install/rows.ts'
import { applyRecord } from '../../src/replicated/apply.ts'
import type { Applied } from '../../src/state/apply.ts'
import type { KeyValue } from '../../src/store/key-value.ts'
import { openMemory } from '../../src/store/memory.ts'
import { type OpenState, stateOver } from '../open-state.ts'
import { BACK, batch, compareRows, KEYS, LATE, note, number, type World, withoutBytes } from './commands.ts'
import { applyToTable, emptyTable, type Judged, type Table } from './table.ts'

/** What is true of several nodes over one log and one store: `table` is the state behind the newest record. */
export interface NodesWorld extends World {
  /** The table behind each record; the first is the empty one. */
  readonly tables: Table[]
  /** What was decided about the batches of each record. */
  readonly judged: (readonly Judged[])[]
  readonly nodes: NodeModel[]
}

interface NodeModel {
  /** Records that it has applied. */
  applied: number
  /** How far its clock is behind real time, ms; negative when it is ahead. */
  behind: number
  /** It once took the state of another. */
  installed: boolean
}

/** The real code of every node, and the log that they share. */
export interface RealNodes {
  readonly seal: Seal
  readonly log: Buffer[]
  /** The state digest behind each record, as the first node had it. */
  readonly digests: Map<number, bigint>
  readonly open: OpenState[]
}

export function newNodesWorld(reached: Set<string>, nodes: number): NodesWorld {
  return {
    reached,
    table: emptyTable(),
    tables: [emptyTable()],
    judged: [[]],
    nodes: Array.from({ length: nodes }, () => ({ applied: 0, behind: 0, installed: false })),
    real: 10_000,
    behind: 0,
    bytes: new Set(),
    lost: new Set(),
    deletes: [],
    batches: [],
  }
}

type Command = fc.AsyncCommand<NodesWorld, RealNodes>

function command(name: string, does: (world: NodesWorld, real: RealNodes) => void | Promise<void>): Command {
  return {
    check: () => true,
    run: async (world, real) => {
      await does(world, real)
      expect(withoutBytes(world.table, world.bytes, world.lost), 'listed files without bytes').toEqual([])
    },
    toString: () => name,
  }
}

/** A node's batches become the next record: judged by the newest state, though planned on what the node has seen. */
function propose(
  world: NodesWorld,
  real: RealNodes,
  at: number,
  make: readonly ((world: World) => World['batches'][number])[],
) {
  const node = world.nodes[at]!
  const seen = { ...world, table: world.tables[node.applied]! }
  const batches = make.map((one) => one(seen)).filter(({ ops }) => ops.length > 0)
  if (batches.length > 0) append(world, real, at, batches)
}

function append(world: NodesWorld, { log, seal }: RealNodes, at: number, batches: World['batches']) {
  const time = world.real - world.nodes[at]!.behind
  world.batches.push(...batches)
  world.table = { ...world.table, time: Math.max(world.table.time, time) }
  const judged = batches.map((one) => {
    const result = applyToTable(world.table, one)
    world.table = result.table
    note(world.reached, one.ops, result.judged.outcomes)
    return result.judged
  })
  world.tables.push(structuredClone(world.table))
  world.judged.push(judged)
  const last = log.at(-1)
  const record = new ByteWriter()
  writeRecordHead(record, { previous: last ? seal.sum(last) : 0n, time, origin: `n${at}` }, batches.length)
  for (const one of batches) record.raw(recordBatch(new ByteWriter(), one, one.id).bytes)
  log.push(record.copy())
}

class Crash extends Error {}

/** The next record, in one transaction, as a follower does it; `crash`: it dies before the end of it. */
function applyNext(
  world: NodesWorld,
  { log, open, digests, seal }: RealNodes,
  at: number,
  crash = false,
): void {
  const node = world.nodes[at]!
  const { state, local } = open[at]!
  const bytes = log[node.applied]
  if (!bytes) return
  const index = node.applied + 1
  const record = readRecord(bytes)
  expect(record.previous).toBe(state.head.record)
  let outcomes: readonly Applied[] = []
  const applied = (_: number, batches: readonly Applied[]) => {
    outcomes = batches
    if (crash) throw new Crash()
  }
  const chained = { position: { term: 1, index }, record, sum: seal.sum(bytes) }
  const deleted = open[at]!.deleted.length
  const erasing = [...open[at]!.erasing]
  try {
    state.rows.transaction(() => applyRecord(state, chained, { ...local, applied }))
  } catch (error) {
    if (!(error instanceof Crash)) throw error
    // What it kept in memory of this is gone with it.
    open[at]!.deleted.length = deleted
    open[at]!.erasing.clear()
    for (const key of erasing) open[at]!.erasing.add(key)
    state.reload()
    return
  }
  node.applied = index
  expect(outcomes.map(({ status, outcomes }) => ({ status, outcomes }))).toEqual(world.judged[index])
  const { digest } = state.head
  expect(digests.get(index) ?? digest, `digest behind record ${index}`).toBe(digest)
  digests.set(index, digest)
}

export function catchUp(
  world: NodesWorld,
  real: RealNodes,
  at: number,
  most = Number.POSITIVE_INFINITY,
): void {
  for (let done = 0; done < most && world.nodes[at]!.applied < real.log.length; done++)
    applyNext(world, real, at)
  compareNode(world, real, at)
}

function compareNode({ nodes, tables }: NodesWorld, { open }: RealNodes, at: number): void {
  const { applied, installed } = nodes[at]!
  const table = tables[applied]!
  compareRows(table, open[at]!)
  const deleted = open[at]!.deleted.map(({ key }) => key as string)
  if (installed) expect(table.deleted).toEqual(expect.arrayContaining(deleted))
  else expect(deleted).toEqual(table.deleted)
}

/** The state of one node takes the place of another's, by the code that does it. */
async function install(world: NodesWorld, real: RealNodes, from: number, to: number): Promise<void> {
  const [source, target] = [world.nodes[from]!, world.nodes[to]!]
  if (source.applied <= target.applied) return
  const { seal, open } = real
  const old = open[to]!
  const store: KeyValue = openMemory()
  using rows = stateRows(open[from]!.state, open[from]!.store, 'log', new FakeClock(0))
  const { term, index } = await restore(rows, { store, seal, failpoints: new FailpointRegistry() })
  const next = stateOver(store, seal)
  await join({
    old: old.state,
    oldQueue: new EraseQueue(old.state.rows),
    next: next.state,
    position: { term, index },
    deliver: true,
    isOurs: () => true,
  })
  const vanished = deletionsBehind(next.state.rows, 0, 0, 1000)
  const before = world.tables[target.applied]!
  const after = world.tables[source.applied]!
  const isFile = (table: Table, key: string) => {
    const row = table.keys.get(key)
    return row?.state === 'live' || (row?.state === 'condemned' && row.entry !== undefined)
  }
  const isThere = (key: string) => ['live', 'condemned'].includes(after.keys.get(key)?.state ?? '')
  const expected = KEYS.filter((key) => isFile(before, key) && !isThere(key))
  expect(vanished.map(({ key }) => key as string).sort()).toEqual(expected.toSorted())
  next.deleted.push(...old.deleted, ...vanished)
  // What an earlier install has queued here comes over, as long as it is doomed.
  for (const { state } of [next, old])
    for (const { key } of new EraseQueue(state.rows).scan())
      if (next.state.key(key)?.state === 'doomed') next.erasing.add(key)
  const doomed = KEYS.filter((key) => after.keys.get(key)?.state === 'doomed')
  expect([...next.erasing].sort()).toEqual(doomed.toSorted())
  open[to] = next
  target.applied = source.applied
  target.installed = true
  compareNode(world, real, to)
}

export const NODES = 3
const node = fc.nat(NODES - 1)

export const nodeCommands: fc.Arbitrary<Command>[] = [
  ...Array.from({ length: 6 }, () =>
    fc
      .tuple(node, fc.array(batch, { minLength: 1, maxLength: 2 }))
      .map(([at, made]) => command(`node ${at} proposes`, (world, real) => propose(world, real, at, made))),
  ),
  fc.tuple(node, number).map(([at, pick]) =>
    command(`node ${at} proposes the same batch again`, (world, real) => {
      const again = world.batches[pick % Math.max(1, world.batches.length)]
      if (again) append(world, real, at, [again])
    }),
  ),
  ...Array.from({ length: 3 }, () =>
    fc
      .tuple(node, fc.integer({ min: 1, max: 6 }))
      .map(([at, most]) =>
        command(`node ${at} applies up to ${most} records`, (world, real) => catchUp(world, real, at, most)),
      ),
  ),
  node.map((at) =>
    command(`node ${at} dies while it applies a record, and starts again`, (world, real) => {
      applyNext(world, real, at, true)
      real.open[at] = stateOver(real.open[at]!.store, real.seal, real.open[at])
      compareNode(world, real, at)
    }),
  ),
  fc
    .tuple(node, node)
    .map(([from, to]) =>
      command(`node ${to} takes the state of node ${from}`, (world, real) => install(world, real, from, to)),
    ),
  fc.tuple(node, fc.constantFrom(-BACK, 0, BACK)).map(([at, behind]) =>
    command(`the clock of node ${at} steps to ${behind} behind`, (world) => {
      world.nodes[at]!.behind = behind
    }),
  ),
  fc.constantFrom(100, 300, 1000, 2000).map((ms) =>
    command(`wait ${ms}`, (world) => {
      world.real += ms
      const isOver = ({ since }: World['deletes'][number]) => since + LATE <= world.real
      for (const { key } of world.deletes.filter(isOver)) world.bytes.delete(key)
      world.deletes = world.deletes.filter((one) => !isOver(one))
    }),
  ),
  fc.tuple(node, number).map(([at, pick]) =>
    command(`node ${at} sends a DELETE, whoever may by now`, (world, real) => {
      // What it has found is judged by a state that is as new as the log; from then on nothing can call it back.
      const { erasing } = real.open[at]!
      const key = [...erasing][pick % Math.max(1, erasing.size)]
      catchUp(world, real, at)
      const known = key === undefined ? undefined : real.open[at]!.state.key(key as StorageKey)
      if (key !== undefined && known?.state === 'doomed') world.deletes.push({ key, since: world.real })
    }),
  ),
  number.map((pick) =>
    command('a DELETE lands', ({ deletes, bytes }) => {
      const [one] = deletes.splice(pick % Math.max(1, deletes.length), 1)
      if (one) bytes.delete(one.key)
    }),
  ),
  fc.constantFrom(...KEYS).map((key) =>
    command(`the disk loses ${key}, or finds it again`, ({ bytes, lost }) => {
      if (lost.delete(key)) bytes.add(key)
      else if (bytes.delete(key)) lost.add(key)
    }),
  ),
]
