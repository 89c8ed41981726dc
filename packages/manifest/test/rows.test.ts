import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { named, TABLE } from '../src/format/rows.ts'
import { createSeal, type Seal, sumOf } from '../src/format/seal.ts'
import { Rows } from '../src/state/rows.ts'
import type { KeyValue } from '../src/store/key-value.ts'
import { openLmdb } from '../src/store/lmdb.ts'
import { openMemory } from '../src/store/memory.ts'
import { tempFolder } from './support.ts'

/** Replicated rows and this node's own, of few names: each is written, overwritten and removed in one transaction. */
const NAMES = [TABLE.entry, TABLE.key, TABLE.erase, TABLE.pending].flatMap((table) =>
  ['1', '2', 'x'.repeat(1500)].map((name) => named(table, name)),
)
const FROM = Buffer.from([0])
const TO = Buffer.from([0xff])

type Step =
  | { what: 'put' | 'insert' | 'replace'; name: number; value: string }
  | { what: 'remove' | 'removeDraft'; name: number }
  | { what: 'attempt'; steps: Step[]; kept: boolean }
  | { what: 'throw' }

const name = fc.nat(NAMES.length - 1)
const value = fc.string({ minLength: 0, maxLength: 40 })
const { steps } = fc.letrec<{ steps: Step[]; step: Step }>((tie) => ({
  steps: fc.array(tie('step'), { maxLength: 12, depthIdentifier: 'step' }),
  step: fc.oneof(
    { depthIdentifier: 'step' },
    {
      weight: 8,
      arbitrary: fc.record({ what: fc.constantFrom('put', 'insert', 'replace'), name, value }),
    },
    { weight: 4, arbitrary: fc.record({ what: fc.constantFrom('remove', 'removeDraft'), name }) },
    {
      weight: 2,
      arbitrary: fc.record({ what: fc.constant('attempt'), steps: tie('steps'), kept: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('throw') }) },
  ) as fc.Arbitrary<Step>,
}))

type Model = Map<number, string>

/** Does the steps to the rows and to the model; throws where they say so. */
function perform(rows: Rows, model: Model, steps: readonly Step[]): void {
  for (const step of steps) {
    if (step.what === 'throw') throw new Error('in the middle')
    if (step.what === 'attempt') {
      const inside: Model = new Map(model)
      const kept = rows.attempt(() => {
        perform(rows, inside, step.steps)
        return step.kept
      })
      if (!kept) continue
      model.clear()
      for (const [name, value] of inside) model.set(name, value)
      continue
    }
    const row = NAMES[step.name] as Buffer
    const draft = () => rows.draft().raw(row)
    switch (step.what) {
      case 'put':
        rows.put(row, (payload) => void payload.text(step.value))
        break
      case 'insert': {
        draft().text(step.value)
        const isNew = rows.insertDraftIfAbsent(row.length)
        expect(isNew).toBe(!model.has(step.name))
        if (!isNew) continue
        break
      }
      case 'replace': {
        const writer = draft()
        rows.replaceDraft(row.length)
        writer.text(step.value)
        rows.insertDraft(row.length)
        break
      }
      case 'remove':
        expect(rows.remove(row)).toBe(model.has(step.name))
        break
      case 'removeDraft':
        draft()
        expect(rows.removeDraft()).toBe(model.has(step.name))
    }
    if ('value' in step) model.set(step.name, step.value)
    else model.delete(step.name)
  }
}

/** The digest as somebody finds it who counts all rows anew. */
function recounted(store: KeyValue): bigint {
  const replicated = store.range({ from: Buffer.from('a'), to: TO, limit: 1000 })
  return BigInt.asUintN(
    64,
    replicated.reduce((sum, { value }) => sum + sumOf(value), 0n),
  )
}

function check(open: () => KeyValue, seal: Seal, numRuns: number): void {
  const property = fc.property(fc.array(steps, { maxLength: 6 }), (transactions) => {
    const store = open()
    const rows = new Rows(store, seal)
    let model: Model = new Map()
    for (const each of transactions) {
      const after: Model = new Map(model)
      try {
        rows.transaction(() => perform(rows, after, each))
        model = after
      } catch (error) {
        expect(error).toMatchObject({ message: 'in the middle' })
      }
      for (const [name, row] of NAMES.entries()) {
        expect(rows.get(row, (payload) => payload.text())).toBe(model.get(name))
        expect(rows.has(row)).toBe(model.has(name))
      }
      expect(store.count({ from: FROM, to: TO, limit: 1000 })).toBe(model.size)
      expect(rows.digest).toBe(recounted(store))
    }
    void store.close()
  })
  fc.assert(property, { numRuns })
}

describe('rows and their digest', () => {
  it('[M-01] are those of whole transactions and of attempts that were kept, over memory', async () => {
    check(() => openMemory(), await createSeal(), 1500)
  })

  it('[M-01] are those of whole transactions and of attempts that were kept, over LMDB', async () => {
    check(() => openLmdb(tempFolder()), await createSeal(), 20)
  })

  it('[M-05] stay as they are when somebody writes outside a transaction', async () => {
    const store = openMemory()
    const rows = new Rows(store, await createSeal())
    const row = named(TABLE.entry, 'a')
    const put = () => rows.put(row, (payload) => void payload.text('x'))
    rows.transaction(put)
    expect(put).toThrow(TypeError)
    expect(() => rows.remove(row)).toThrow(TypeError)
    expect(rows.digest).toBe(recounted(store))
  })
})
