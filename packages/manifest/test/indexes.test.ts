import type { Batch, Entry, Op, Page } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  condemn,
  condemnUnlisted,
  doom,
  erased,
  FENCE,
  forget,
  hold,
  newEntry,
  register,
  release,
  replace,
  T0,
  testNode,
  undo,
  undoReplacement,
  update,
} from './support.ts'

const PATHS = ['a', 'a/b', 'a/b/c', 'a/d', 'e/f/g', 'e/h', 'i']
const path = fc.constantFrom(...PATHS)
/** The path itself, or one of two others in its folder. */
const keyOf = (of: fc.Arbitrary<string>) =>
  fc.tuple(of, fc.constantFrom('', '1', '2')).map(([name, suffix]) => name + suffix)
const generation = fc.integer({ min: 1, max: 25 })
const delay = fc.constantFrom(0, 0, 1000)

/** What a batch must not name twice. */
function namesOf(op: Op): string[] {
  if (op.type === 'register') return [`key ${op.entry.key}`, `path ${op.entry.path}`]
  if (op.type === 'replace')
    return [
      ...op.inputs.map(({ key }) => `key ${key}`),
      ...op.outputs.flatMap(({ key, path }) => [`key ${key}`, `path ${path}`]),
    ]
  if (op.type === 'undo' && 'replacement' in op) return [`replacement ${op.replacement}`]
  if (op.type === 'hold' || op.type === 'release') return [`hold ${op.id}`]
  return op.type === 'role' || op.type === 'set' ? [op.name] : [`key ${op.key}`]
}

const anyOp: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({
        to: path,
        suffix: fc.constantFrom('', '1', '2'),
        size: fc.constantFrom(1, 5),
        maxTime: fc.option(fc.constantFrom(1, 2), { nil: undefined }),
        namespace: fc.constantFrom('n', 'm'),
      })
      .map(({ to, suffix, maxTime, ...rest }) =>
        register(to, { ...rest, ...(maxTime !== undefined && { maxTime, rows: maxTime }), key: to + suffix }),
      ),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({ key: keyOf(path), generation, delay })
      .map(({ key, generation, delay }) => condemn(key, generation, { delay })),
  },
  { weight: 1, arbitrary: keyOf(path).map((key) => condemnUnlisted(key)) },
  { weight: 2, arbitrary: keyOf(path).map(undo) },
  { weight: 2, arbitrary: keyOf(path).map(doom) },
  { weight: 1, arbitrary: keyOf(path).map((key) => erased(key, 400)) },
  { weight: 1, arbitrary: keyOf(path).map(forget) },
  {
    weight: 2,
    arbitrary: fc
      .record({
        key: keyOf(path),
        generation,
        maxTime: fc.constantFrom(null, 3),
        rows: fc.constantFrom(4, null),
      })
      .map(({ key, generation, ...changes }) => update(key, generation, { ...changes, namespace: 'm' })),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ input: keyOf(path), generation, to: path, suffix: fc.constantFrom('3', '4'), delay })
      .map(({ input, generation, to, suffix, delay }) =>
        replace({ [input]: generation }, [newEntry(to, { key: to + suffix, maxTime: 2 })], { delay }),
      ),
  },
  { weight: 1, arbitrary: generation.map((replacement) => undoReplacement(replacement)) },
  {
    weight: 1,
    arbitrary: fc
      .record({ id: fc.constantFrom('h', 'i'), path, expiresAt: fc.constantFrom(T0 + 500, T0 + 5000) })
      .map(({ id, path, expiresAt }) => hold(id, { folder: path }, { expiresAt })),
  },
  { weight: 1, arbitrary: fc.constantFrom('h', 'i').map(release) },
  {
    weight: 1,
    arbitrary: fc
      .record({ name: fc.constantFrom('s', 't'), value: fc.constantFrom({ a: [1, null] }, 'x', undefined) })
      .map(({ name, value }): Op => ({ type: 'set', name, ...(value !== undefined && { value }) })),
  },
)

/** Batches that name no key or path twice. */
const anyBatch: fc.Arbitrary<Batch> = fc
  .record({
    ops: fc.array(anyOp, { minLength: 1, maxLength: 6 }),
    strict: fc.boolean(),
  })
  .map(({ ops, strict }) => {
    const seen = new Set<string>()
    const distinct = ops.filter((op) => {
      const names = namesOf(op)
      if (new Set(names).size < names.length || names.some((name) => seen.has(name))) return false
      for (const name of names) seen.add(name)
      return true
    })
    return { ops: distinct, strict, fence: FENCE }
  })

describe('indexes, counters and digest', () => {
  it('[M-05] agree with the entries after any sequence of batches, strict and failing ones among them, and after a restart', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyBatch, fc.constantFrom('commit', 'commit', 'fail', 'later')), {
          minLength: 1,
          maxLength: 25,
        }),
        async (steps) => {
          const test = await testNode()
          for (const [batch, how] of steps) {
            if (how === 'later') test.clock.setWall(test.clock.now() + 500)
            if (how === 'fail') {
              using _fail = test.failpoints.arm('manifest.commit.inside', { kind: 'error' })
              await test.manifest.commit(batch).catch(() => undefined)
            } else await test.manifest.commit(batch)
            expect(test.manifest.check()).toEqual([])
          }
          const head = test.manifest.head()
          const second = await test.restart()
          expect(second.manifest.head()).toEqual(head)
          expect(second.manifest.check()).toEqual([])
          await second.node.stop()
        },
      ),
      { numRuns: 40 },
    )
  }, 60_000)

  it('[M-05] the same batches give the same digest, whatever the grouping', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyBatch, { minLength: 1, maxLength: 10 }), async (batches) => {
        const [one, other] = [await testNode(), await testNode()]
        const ids = batches.map((_, index) => `01ARZ3NDEKTSV4RRFFQ69G5F${String(index).padStart(2, '0')}`)
        for (const [index, batch] of batches.entries())
          await one.manifest.commit({ ...batch, id: ids[index]! })
        await Promise.all(batches.map((batch, index) => other.manifest.commit({ ...batch, id: ids[index]! })))
        expect(other.manifest.contentDigest()).toBe(one.manifest.contentDigest())
        expect(other.manifest.head().generation).toBe(one.manifest.head().generation)
        await one.node.stop()
        await other.node.stop()
      }),
      { numRuns: 20 },
    )
  }, 60_000)

  it('[R-15] files are found by age, oldest first, across negative times and pages', async () => {
    const { commit, manifest } = await testNode()
    const times = [T0, -5, 0, 7, -7_000_000_000_000, 5]
    await commit(
      ...times.map((maxTime, index) => register(`a/${index}`, { maxTime })),
      register('a/none'),
      register('b/other', { namespace: 'm', maxTime: 1 }),
    )
    const found: (number | undefined)[] = []
    for (let after: string | undefined, more = true; more; ) {
      const page = manifest.entriesByAge({
        namespace: 'ns',
        before: 7,
        limit: 2,
        ...(after !== undefined && { after }),
      })
      found.push(...page.items.map(({ maxTime }) => maxTime))
      after = page.next
      more = after !== undefined
    }
    expect(found).toEqual([-7_000_000_000_000, -5, 0, 5])
    const newest: (number | undefined)[] = []
    for (let query: { readonly after?: string } | undefined = {}; query; ) {
      const page: Page<Entry> = manifest.entriesByAge({
        namespace: 'ns',
        before: 7,
        limit: 2,
        newestFirst: true,
        ...query,
      })
      newest.push(...page.items.map(({ maxTime }) => maxTime))
      query = page.next === undefined ? undefined : { after: page.next }
    }
    expect(newest).toEqual([...found].reverse())
    expect(manifest.entriesByAge({ namespace: 'nobody', before: 7 }).items).toEqual([])
  })
})

describe('sums of a namespace', () => {
  it('[M-05] stay exact beyond 2^53, and come back from there', async () => {
    const huge = Number.MAX_SAFE_INTEGER
    const test = await testNode()
    const sized = (name: string, size: number) => register(name, { size, rows: size })
    await test.commit(sized('a', huge), sized('b', huge), sized('c', 3))
    expect(test.manifest.namespaces().items).toMatchObject([{ files: 3, bytes: 2 ** 54, rows: 2 ** 54 }])
    expect(test.manifest.check()).toEqual([])
    const again = await test.restart()
    expect(again.manifest.check()).toEqual([])
    await again.commit(condemn('a', 1), condemn('b', 2))
    expect(again.manifest.namespaces().items).toMatchObject([{ files: 1, bytes: 3, rows: 3 }])
    expect(again.manifest.check()).toEqual([])
  })
})
