import {
  type DeleteOutcome,
  type Denial,
  definePlugin,
  type GateRequest,
  HoldfastError,
  type Op,
  type Plugin,
  Rendezvous,
} from '@holdfast/core'
import type { MemoryObjects } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { openedOf } from './opened.ts'
import {
  bentBackend,
  condemn,
  condemnUnlisted,
  doom,
  key,
  register,
  storedRows,
  T0,
  type TestNode,
  testNode,
} from './support.ts'

/** A memory backend whose deletes are the test's. */
function deleting(
  remove: (keys: readonly string[], really: () => Promise<DeleteOutcome[]>) => Promise<DeleteOutcome[]>,
) {
  return bentBackend((sound) => ({
    delete: (targets, options) =>
      remove(
        targets.map((target) => target.key),
        () => sound.delete(targets, options),
      ),
  }))
}

const failing = (name: string): DeleteOutcome => ({
  key: name,
  status: 'failed',
  error: new HoldfastError('HF_BACKEND', 'disk says no', { kind: 'permission' }),
})

function gateTap(answer: (request: GateRequest) => Denial | undefined): Plugin {
  return definePlugin({
    name: 'test-gate',
    id: 'gate',
    version: '1.0.0',
    api: '1.0',
    setup: ({ hooks }) => hooks.gate.tap(async (request) => answer(request)),
  })
}

/** Roles of a node that holds none. */
function reader(): Plugin {
  return definePlugin({
    name: 'test-roles',
    id: 'roles',
    version: '1.0.0',
    api: '1.0',
    provides: ['roles'],
    setup: ({ provide }) =>
      provide('roles', () => ({
        roleFor: () => ({ role: 'reader', epoch: 1, mayAct: false, holder: 'node-b' }),
      })),
  })
}

const stored = (objects: MemoryObjects) =>
  [...objects.byKey.keys()].filter((name) => !name.startsWith('.holdfast'))

describe('the eraser', () => {
  it('[M-11] goes from condemned over doomed to gone, by one record a step, and then the bytes are gone', async () => {
    const { files, eraser, manifest, objects } = await testNode({ erasing: true })
    const { key: name } = await files.write('a/x', 'x')
    const before = manifest.head().position.index
    await files.delete('a/x', { delay: 0 })
    await eraser.drain()
    expect(manifest.head().position.index).toBe(before + 3)
    expect(manifest.key(name)).toMatchObject({ state: 'gone' })
    expect(stored(objects)).toEqual([])
    expect(eraser.backlog()).toBe(0)
  })

  it('[M-11] waits for the delay, then works without being asked', async () => {
    const { files, manifest, clock, objects } = await testNode({ erasing: true })
    const { key: name } = await files.write('a/x', 'x')
    await files.delete('a/x', { delay: 1000 })
    await clock.advance(999)
    expect(manifest.key(name)?.state).toBe('condemned')
    await clock.advance(1)
    await expect.poll(() => manifest.key(name)?.state).toBe('gone')
    expect(stored(objects)).toEqual([])
  })

  it('[M-13] bytes are deleted only after the doom is committed', async () => {
    let states: (string | undefined)[] = []
    const { files, eraser, manifest } = await testNode({
      erasing: true,
      backend: deleting(async (keys, really) => {
        states = keys.map((name) => manifestOf().key(key(name))?.state)
        return really()
      }),
    })
    const manifestOf = () => manifest
    await files.write('a/x', 'x')
    await files.delete('a/x', { delay: 0 })
    await eraser.drain()
    expect(states).toEqual(['doomed'])
  })

  it('[M-13] drains at once remove nothing that is listed', async () => {
    const { files, eraser, objects } = await testNode({ erasing: true })
    await files.write('a/x', 'old')
    await files.delete('a/x', { delay: 0 })
    const kept = await files.write('a/x', 'new')
    await Promise.all([eraser.drain(), eraser.drain(), eraser.drain()])
    expect(stored(objects)).toEqual([kept.key])
  })

  it('[M-13] an undo that comes before the doom wins; one that comes after it is refused', async () => {
    const { files, eraser, failpoints, objects } = await testNode({ erasing: true })
    const early = await files.write('a/early', 'x')
    await files.write('a/late', 'x')
    const rendezvous = new Rendezvous()
    using _park = failpoints.arm('eraser.doom.before', { kind: 'park', rendezvous })
    await files.delete('a/early', { delay: 0 })
    await rendezvous.reached
    await files.undo('a/early')
    rendezvous.release()
    await eraser.drain()
    expect(stored(objects)).toContain(early.key)
    await files.delete('a/late', { delay: 0 })
    await eraser.drain()
    await expect(files.undo('a/late')).rejects.toMatchObject({ code: 'HF_FILE_NOT_FOUND' })
    expect(await files.stat('a/late')).toBeUndefined()
  })

  it('[M-11] a queue row whose key is not doomed is dropped, and its bytes stay', async () => {
    const first = await testNode()
    const { key: name } = await first.files.write('a/x', 'x')
    await first.commit(condemn(name, 1))
    await first.commit(doom(name))
    await first.node.stop()
    // As if the doom had never been: only the queue's row is left of it.
    const db = storedRows(first.dataDir)
    await db.remove(Buffer.from(`k${name}`))
    await db.close()
    const second = await testNode({
      dataDir: first.dataDir,
      objects: first.objects,
      clock: first.clock,
      erasing: true,
    })
    await second.eraser.drain()
    expect(stored(first.objects)).toEqual([name])
    expect(second.eraser.queue()).toEqual([])
  })

  it('[R-05] a backend that gives no outcome, or one for another key, has deleted nothing, and is not asked again at once', async () => {
    let calls = 0
    const { files, eraser, manifest } = await testNode({
      erasing: true,
      backend: deleting(async () => {
        calls++
        return [{ key: 'somebody/else', status: 'gone' }]
      }),
    })
    const { key: name } = await files.write('a/x', 'x')
    await files.delete('a/x', { delay: 0 })
    await eraser.drain()
    expect(calls).toBe(1)
    expect(manifest.key(name)?.state).toBe('doomed')
    expect(eraser.queue()).toMatchObject([{ attempts: 1 }])
  })

  it('[R-05] a key that cannot be looked at holds up no other', async () => {
    const { commit, files, eraser, objects, node } = await testNode({ erasing: true })
    const { size, checksum } = await node.service('backend').write('a/own', Buffer.from('x'))
    await commit(register('a/own', { size, checksum }))
    const other = await files.write('a/x', 'x')
    const stat = objects.byKey.get.bind(objects.byKey)
    objects.byKey.get = (name) => {
      if (name === 'a/own') throw new Error('the disk says no')
      return stat(name)
    }
    await commit(condemn('a/own', 1), condemn(other.key, 2))
    await eraser.drain()
    expect(objects.byKey.has(other.key)).toBe(false)
    expect(eraser.queue()).toMatchObject([{ key: 'a/own', attempts: 1 }])
  })

  it('[R-05] a clock that went back does not put a retry off', async () => {
    let broken = true
    const { files, eraser, clock, node, manifest } = await testNode({
      erasing: true,
      backend: deleting(async (keys, really) => (broken ? keys.map(failing) : really())),
    })
    const { key: name } = await files.write('a/x', 'x')
    await files.delete('a/x', { delay: 0 })
    await eraser.drain()
    clock.setWall(clock.now() - 30 * 86_400_000)
    node.trustClock()
    broken = false
    // The gate denies while the clock is before the newest record; what is due is seen all the same.
    await expect(eraser.drain()).rejects.toMatchObject({ context: { reason: 'clock_suspect' } })
    clock.setWall(clock.now() + 30 * 86_400_000 + 1000)
    node.trustClock()
    await eraser.drain()
    expect(manifest.key(name)?.state).toBe('gone')
  })

  it('[R-05] a failed delete is retried with backoff and set aside after ten, with its reason and age; retry tries it again', async () => {
    let broken = true
    const { files, eraser, clock, manifest, objects } = await testNode({
      erasing: true,
      backend: deleting(async (keys, really) => (broken ? keys.map(failing) : really())),
    })
    const { key: name } = await files.write('a/x', 'x')
    const doomedAt = clock.now()
    await files.delete('a/x', { delay: 0 })
    await eraser.drain()
    expect(eraser.queue()).toEqual([{ key: name, since: doomedAt, attempts: 1, nextTry: doomedAt + 1000 }])
    const waits: number[] = []
    for (let attempts = 1; attempts < 10; attempts = eraser.queue()[0]!.attempts) {
      waits.push(eraser.queue()[0]!.nextTry - clock.now())
      await clock.advance(waits.at(-1)!)
      await eraser.drain()
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256].map((seconds) => seconds * 1000))
    expect(eraser.queue()).toMatchObject([
      { key: name, since: doomedAt, attempts: 10, setAside: expect.stringContaining('disk says no') },
    ])
    expect((await eraser.drain()).setAside).toHaveLength(1)
    expect(eraser.backlog()).toBe(0)
    broken = false
    expect(await eraser.retry()).toBe(1)
    await eraser.drain()
    expect(manifest.key(name)?.state).toBe('gone')
    expect(stored(objects)).toEqual([])
  })

  it('[R-05] one failing key does not hold up the others', async () => {
    const { files, eraser, manifest } = await testNode({
      erasing: true,
      backend: deleting(async (keys, really) => {
        const outcomes = await really()
        return outcomes
          .map((outcome) => (outcome.key.includes('bad') ? failing(outcome.key) : outcome))
          .slice(0, keys.length)
      }),
    })
    const bad = await files.write('a/bad', 'x')
    const good = await files.write('a/good', 'x')
    await files.delete('a/bad', { delay: 0 })
    await files.delete('a/good', { delay: 0 })
    await eraser.drain()
    expect(manifest.key(good.key)?.state).toBe('gone')
    expect(manifest.key(bad.key)?.state).toBe('doomed')
  })

  it('[R-05] a delete that hangs is given up at its time limit', async () => {
    const { files, eraser, clock, manifest } = await testNode({
      erasing: true,
      deleteTimeout: 5000,
      backend: deleting(() => new Promise(() => undefined)),
    })
    const { key: name } = await files.write('a/x', 'x')
    await files.delete('a/x', { delay: 0 })
    const drained = eraser.drain()
    await expect
      .poll(async () => {
        await clock.advance(1000)
        return eraser.queue().map(({ attempts }) => attempts)
      })
      .toEqual([1])
    await drained
    expect(manifest.key(name)?.state).toBe('doomed')
  })

  it.each([
    [
      'one of another namespace',
      async ({ files }: TestNode) => {
        await files.write('b/z', 'x', { namespace: 'b' })
        await files.delete('b/z', { delay: 0 })
      },
    ],
    ['one that was never listed', ({ commit }: TestNode) => commit(condemnUnlisted('a/stray', { delay: 0 }))],
  ])(
    '[G-01] asks the gate before each pass, with the namespace of all its files, until there is %s',
    async (_what, add) => {
      const asked: GateRequest[] = []
      let open = false
      const test = await testNode({
        erasing: true,
        plugins: [
          gateTap((request) => {
            asked.push(request)
            return open ? undefined : { deny: 'closed', retryAfter: 3_600_000 }
          }),
        ],
      })
      const { files, eraser, objects } = test
      const pass = async () => {
        await expect(eraser.drain()).rejects.toMatchObject({ code: 'HF_GATE_DENIED' })
        return asked.at(-1)
      }
      for (const path of ['a/x', 'a/y']) await files.write(path, 'x', { namespace: 'a' })
      for (const path of ['a/x', 'a/y']) await files.delete(path, { delay: 0 })
      expect(await pass()).toEqual({
        action: 'erase',
        actor: 'node',
        job: 'eraser',
        chunk: asked.length - 1,
        namespace: 'a',
      })
      await add(test)
      expect(await pass()).not.toHaveProperty('namespace')
      expect(asked.map(({ chunk }) => chunk)).toEqual(asked.map((_, at) => at))
      open = true
      await eraser.drain()
      expect(stored(objects)).toEqual([])
    },
  )

  describe('many chunks', () => {
    /** Condemned keys of three chunks and a half, all due in a second. */
    async function deep(...[options]: Parameters<typeof testNode>) {
      const test = await testNode(options)
      const names = Array.from({ length: 3500 }, (_, at) => `a/${String(at).padStart(4, '0')}`)
      const inBatches = async (make: (name: string, at: number) => Op) => {
        for (let from = 0; from < names.length; from += 1000)
          await test.commit(...names.slice(from, from + 1000).map((name, at) => make(name, from + at)))
      }
      await inBatches((name) => register(name))
      await inBatches((name, at) => condemn(name, at + 1, { delay: 1000 }))
      return { ...test, names }
    }

    it('[M-11] each key is deleted once, and the log hears of one chunk while the next one goes', async () => {
      const deletes: string[] = []
      const recorded: number[] = []
      let gone = () => 0
      const { eraser, manifest, clock, names } = await deep({
        erasing: true,
        backend: deleting(async (keys, really) => {
          deletes.push(...keys)
          recorded.push(gone())
          return really()
        }),
      })
      gone = () => names.filter((name) => manifest.key(key(name))?.state === 'gone').length
      const before = manifest.head().position.index
      await clock.advance(1000)
      await eraser.drain()
      expect(deletes.sort()).toEqual(names)
      expect(names.filter((name) => manifest.key(key(name))?.state !== 'gone')).toEqual([])
      // Each chunk is heard of when the next has begun to go, not before.
      expect(recorded).toEqual([0, 0, 1000, 2000])
      // doom, three times doom and erased, erased, erased: records of one transaction each.
      expect(manifest.head().position.index).toBe(before + 6)
    })

    it('[R-05] what is doomed goes and is recorded, once, though nothing more can be doomed', async () => {
      const deletes: string[] = []
      const first = await deep()
      await first.clock.advance(1000)
      for (const from of [0, 1000, 2000])
        await first.commit(...first.names.slice(from, from + 1000).map((name) => doom(name)))
      const { eraser, manifest, node, clock } = await first.restart({
        erasing: true,
        backend: deleting(async (keys, really) => {
          deletes.push(...keys)
          return really()
        }),
      })
      const { committer } = openedOf(node)
      const { commit } = committer
      committer.commit = async (batch, options) => {
        if (batch.ops[0]?.type === 'doom') throw new HoldfastError('HF_NO_SPACE', 'the disk is full')
        return commit.call(committer, batch, options)
      }
      for (let times = 0; times < 5; times++) {
        await expect(eraser.drain()).rejects.toMatchObject({ code: 'HF_NO_SPACE' })
        await clock.advance(5000)
      }
      expect(deletes.sort()).toEqual(first.names.slice(0, 3000))
      expect(first.names.filter((name) => manifest.key(key(name))?.state === 'gone')).toEqual(deletes)
    })

    it('[R-05] no more is deleted than a little, as long as the log does not hear of it', async () => {
      const deletes: string[] = []
      const { eraser, manifest, clock, names, node } = await deep({
        erasing: true,
        backend: deleting(async (keys, really) => {
          deletes.push(...keys)
          return really()
        }),
      })
      const { committer } = openedOf(node)
      const { commit } = committer
      let full = true
      committer.commit = async (batch, options) => {
        if (full && batch.ops[0]?.type === 'erased')
          throw new HoldfastError('HF_NO_SPACE', 'the disk is full')
        return commit.call(committer, batch, options)
      }
      for (let times = 0; times < 6; times++) {
        await clock.advance(5000)
        await expect(eraser.drain()).rejects.toMatchObject({ code: 'HF_NO_SPACE' })
      }
      expect(deletes.sort()).toEqual(names.slice(0, 2000))
      full = false
      await eraser.drain()
      expect(deletes.sort()).toEqual(names)
      expect(names.filter((name) => manifest.key(key(name))?.state !== 'gone')).toEqual([])
    })

    it('[G-01] what was deleted before the gate said no is recorded by the permission that it had', async () => {
      const deletes: string[] = []
      let passes = 0
      const { eraser, manifest, clock, names } = await deep({
        erasing: true,
        plugins: [
          gateTap(({ action }) => (action === 'erase' && ++passes > 3 ? { deny: 'enough' } : undefined)),
        ],
        backend: deleting(async (keys, really) => {
          deletes.push(...keys)
          return really()
        }),
      })
      await clock.advance(1000)
      await expect(eraser.drain()).rejects.toMatchObject({ code: 'HF_GATE_DENIED' })
      const gone = names.filter((name) => manifest.key(key(name))?.state === 'gone')
      expect(deletes).toHaveLength(2000)
      expect(gone).toEqual(deletes.sort())
    })
  })

  it('[G-01] a file that becomes due after the question is not erased by its answer', async () => {
    let broken = true
    const { files, eraser, manifest, clock, failpoints, objects } = await testNode({
      erasing: true,
      plugins: [
        gateTap(({ namespace }) => (namespace === 'a' || broken ? undefined : { deny: 'b is left alone' })),
      ],
      backend: deleting(async (keys, really) => (broken ? keys.map(failing) : really())),
    })
    const left = await files.write('b/z', 'x', { namespace: 'b' })
    await files.delete('b/z', { delay: 0 })
    await eraser.drain()
    expect(manifest.key(left.key)?.state).toBe('doomed')
    broken = false
    const { key: name } = await files.write('a/x', 'x', { namespace: 'a' })
    const rendezvous = new Rendezvous()
    using _park = failpoints.arm('eraser.doom.before', { kind: 'park', rendezvous })
    await files.delete('a/x', { delay: 0 })
    await rendezvous.reached
    await clock.advance(60_000)
    rendezvous.release()
    await expect(eraser.drain()).rejects.toMatchObject({ message: expect.stringContaining('left alone') })
    expect(manifest.key(name)?.state).toBe('gone')
    expect(stored(objects)).toEqual([left.key])
  })

  it('[G-03] a node without the role erases nothing, and says who may', async () => {
    const { files, eraser, manifest } = await testNode({ erasing: true, plugins: [reader()] })
    const { key: name } = await files.write('a/x', 'x')
    await files.delete('a/x', { delay: 0 })
    await expect(eraser.drain()).rejects.toMatchObject({
      code: 'HF_GATE_DENIED',
      context: { by: 'roles', role: 'reader', holder: 'node-b', reason: 'not_authorised' },
    })
    expect(manifest.key(name)?.state).toBe('condemned')
  })

  it('[M-11] doomed keys are erased after a restart', async () => {
    const first = await testNode()
    const { key: name } = await first.files.write('a/x', 'x')
    await first.commit(condemn(name, 1))
    await first.commit(doom(name))
    await first.node.stop()
    const second = await testNode({
      dataDir: first.dataDir,
      objects: first.objects,
      clock: first.clock,
      erasing: true,
    })
    await second.eraser.drain()
    expect(second.manifest.key(name)?.state).toBe('gone')
    expect(stored(first.objects)).toEqual([])
  })

  it('[M-13] bytes that somebody put under a key that is a path of its own are left alone', async () => {
    const { commit, eraser, objects, node, manifest } = await testNode({ erasing: true })
    const storage = node.service('backend')
    const { size, checksum, changedAt } = await storage.write('a/adopted', Buffer.from('old'))
    await commit(register('a/adopted', { size, checksum, changedAt }))
    const other = Buffer.from('somebody else')
    objects.byKey.set('a/adopted', { ...objects.byKey.get('a/adopted')!, bytes: other, size: other.length })
    await commit(condemn('a/adopted', 1))
    await eraser.drain()
    expect(stored(objects)).toEqual(['a/adopted'])
    expect(manifest.key(key('a/adopted'))?.state).toBe('doomed')
    expect(eraser.queue()).toMatchObject([{ setAside: expect.stringContaining('not those') }])
  })

  it('[B-10] does nothing while the store has lost its identity', async () => {
    const { files, eraser, objects } = await testNode({ erasing: true })
    const { key: name } = await files.write('a/x', 'x')
    const record = objects.byKey.get('.holdfast/store.json')!
    objects.byKey.delete('.holdfast/store.json')
    await files.delete('a/x', { delay: 0 })
    await expect(eraser.drain()).rejects.toMatchObject({
      code: 'HF_GATE_DENIED',
      context: { reason: 'store_mismatch' },
    })
    expect(stored(objects)).toEqual([name])
    objects.byKey.set('.holdfast/store.json', record)
    await eraser.drain()
    expect(stored(objects)).toEqual([])
  })

  it('[M-14] forgets tombstones when their time is over, in bounded batches, and not before', async () => {
    const { commit, manifest, clock, eraser } = await testNode({
      erasing: true,
      tombstoneTime: '1m',
      deleteTimeout: '1s',
    })
    const names = Array.from({ length: 1500 }, (_, at) => `a/${String(at).padStart(4, '0')}`)
    const inBatches = async (make: (name: string, at: number) => Op) => {
      for (const from of [0, 1000])
        await commit(...names.slice(from, from + 1000).map((name, at) => make(name, from + at)))
    }
    await inBatches((name) => register(name))
    await inBatches((name, at) => condemn(name, at + 1, { delay: 1000 }))
    await clock.advance(1000)
    await eraser.drain()
    expect(manifest.key(key('a/1499'))).toMatchObject({ state: 'gone', until: T0 + 61_000 })
    await clock.advance(59_999)
    await eraser.drain()
    expect(manifest.key(key('a/0000'))?.state).toBe('gone')
    const { position } = manifest.head()
    await clock.advance(1)
    await eraser.drain()
    expect(names.filter((name) => manifest.key(key(name)) !== undefined)).toEqual([])
    expect(manifest.head().position.index).toBe(position.index + 2)
    expect(manifest.check()).toEqual([])
  }, 30_000)

  it('[M-14] forgets by itself, without being asked', async () => {
    const { files, manifest, clock } = await testNode({
      erasing: true,
      tombstoneTime: '1m',
      deleteTimeout: '1s',
    })
    const { key: name } = await files.write('a/x', 'x')
    await files.delete('a/x', { delay: 0 })
    await expect.poll(() => manifest.key(name)?.state).toBe('gone')
    await clock.advance(60_000)
    await expect.poll(() => manifest.key(name)).toBeUndefined()
  })

  it('[C-27] drops a file whose bytes are missing without a delete, and keeps bytes that came back', async () => {
    const deletes: string[] = []
    const { files, manifest, commit, eraser, objects } = await testNode({
      erasing: true,
      backend: deleting(async (keys, really) => {
        deletes.push(...keys)
        return really()
      }),
    })
    const { key: name, generation } = await files.write('a/x', 'x')
    await commit(condemn(name, generation, { erase: false }))
    await eraser.drain()
    expect(manifest.key(name)).toMatchObject({ state: 'gone', as: 'missing' })
    expect(deletes).toEqual([])
    expect(objects.byKey.has(name)).toBe(true)
  })

  it('[M-14] a delete that may take longer than a key stays retired is refused at once', async () => {
    await expect(testNode({ tombstoneTime: '1m', deleteTimeout: '2m' })).rejects.toMatchObject({
      code: 'HF_ASSEMBLY_INVALID',
      context: {
        problems: [{ problem: 'its setup failed: deleteTimeout must not be longer than tombstoneTime' }],
      },
    })
  })
})
