import type { NewEntry } from '@holdfast/core'
import { ByteWriter } from '../packages/manifest/src/format/bytes.ts'
import { writeEntry } from '../packages/manifest/src/format/entry.ts'
import { writeLiveKey } from '../packages/manifest/src/format/key-row.ts'
import { writeRecordHead } from '../packages/manifest/src/format/record.ts'
import { logRow, TABLE, writeAgeRow, writeNamed } from '../packages/manifest/src/format/rows.ts'
import { createSeal, type Seal } from '../packages/manifest/src/format/seal.ts'
import { againstLmdb, type Peer, puts, shareOut } from './against-lmdb.ts'
import { idOf } from './callers.ts'
import { BATCH, benchNode, makeEntries, type Row, stillClock } from './manifest-node.ts'
import type { BenchLine, Compared } from './pairs.ts'

const N = 100_000
const BOUND = 0.6

/** What the rows of this benchmark say beside their entries. */
const TERM = 1
const NAMESPACE = 1
const REGISTER = 0

/**
 * Registers N files in batches of 1000, against lmdb putting the very rows that came of it: the same bytes, in the
 * same order, in as many transactions with the same sync.
 *
 * `ratio` is against a writer that has entries, as our callers do, and keeps the same rows in raw lmdb by hand: it
 * encodes the record and the three rows of each file and seals them, with the manifest's own encoders and in one buffer
 * that it uses again, and puts them. It judges, looks up and counts nothing; the few rows of a batch that come of
 * counting (folders, namespace, outcomes, head) it is given. `preEncoded` is against lmdb that is given all rows as
 * bytes and has nothing to do but put them.
 */
export async function manifestCommit(): Promise<BenchLine & { readonly preEncoded: Omit<Compared, 'ours'> }> {
  const entries = makeEntries(0, N)
  const batches = Array.from({ length: N / BATCH }, (_, at) => entries.slice(at * BATCH, (at + 1) * BATCH))
  const seal = await createSeal()
  const {
    compared: [encoding, { ours: _, ...preEncoded }],
    about,
  } = await againstLmdb({
    n: N,
    register: (dataDir) => registerAll(dataDir, batches),
    peers(written) {
      const transactions = batches.map((batch, at) => ({
        log: written.takeAt('L', at + 1),
        files: batch.flatMap((entry) => written.takeFile(entry)),
        rest: [written.take(`b${idOf(at * BATCH)}`), written.takeAt('s', at + 1)],
      }))
      shareOut(
        written,
        transactions.map(({ rest }) => rest),
      )
      return [
        encodes(
          seal,
          transactions.map(({ rest }, at) => ({ entries: batches[at] as NewEntry[], rest })),
        ),
        puts(transactions.map(({ log, files, rest }) => [log, ...files, ...rest])),
      ]
    },
  })
  return {
    ...encoding,
    preEncoded,
    bound: BOUND,
    pass: encoding.ratio >= BOUND,
    ...about,
    peerCommand: `lmdb-js putSync of the same rows in each of ${batches.length} transactionSync, encoded from the entries`,
  }
}

async function registerAll(dataDir: string, batches: readonly (readonly NewEntry[])[]): Promise<number> {
  // A clock that stands still and ids that count: all sides' rows must be the same bytes.
  await using node = await benchNode({ dataDir, clock: stillClock }).start()
  const authority = node.service('manifest')
  const start = performance.now()
  for (const [at, batch] of batches.entries()) {
    const ops = batch.map((entry) => ({ type: 'register' as const, entry }))
    await authority.commit({ id: idOf(at * BATCH), ops })
  }
  return performance.now() - start
}

/** A batch as its writer has it: entries, and rows that come of counting. */
interface Unwritten {
  readonly entries: readonly NewEntry[]
  readonly rest: readonly Row[]
}

function encodes(seal: Seal, transactions: readonly Unwritten[]): Peer {
  return (db) => {
    const record = new ByteWriter()
    const row = new ByteWriter()
    /** Seals and puts what `row` holds: a name, and from `at` on a value. */
    const put = (at: number) => {
      row.u64(seal.sum(row.view()))
      db.putSync(row.view(0, at), row.view(at))
    }
    let previous = 0n
    let generation = 0
    for (const [at, { entries, rest }] of transactions.entries())
      db.transactionSync(() => {
        writeRecordHead(record.reset(), { previous, time: stillClock.now(), origin: 'bench-node' }, 1)
        record
          .text(idOf(at * BATCH))
          .u8(0)
          .varint(entries.length)
        const starts: number[] = []
        for (const entry of entries) {
          record.u8(REGISTER)
          starts.push(record.length)
          writeEntry(record, entry)
        }
        const bytes = record.view()
        previous = seal.sum(bytes)
        const name = logRow(at + 1)
        row.reset().raw(name).varint(TERM).raw(bytes)
        put(name.length)
        for (let index = 0; index < entries.length; index++) {
          const { path, key, maxTime } = entries[index] as NewEntry
          writeNamed(row.reset(), TABLE.key, key)
          const afterKey = row.length
          writeLiveKey(row, path)
          put(afterKey)
          writeNamed(row.reset(), TABLE.entry, path)
          const afterPath = row.length
          // The record has the same bytes: nobody writes an entry twice.
          const end = index + 1 < starts.length ? (starts[index + 1] as number) - 1 : bytes.length
          row.varint(++generation).range(bytes, starts[index] as number, end)
          put(afterPath)
          writeAgeRow(row.reset(), NAMESPACE, maxTime as number, path)
          put(row.length)
        }
        for (const { key, value } of rest) db.putSync(key, value)
      })
  }
}
