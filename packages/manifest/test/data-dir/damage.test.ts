import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { backendLocal } from '@holdfast/backend-local'
import { createNode, type HoldfastNode, isHoldfastError } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { FakeClock } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'
import { decodeControl, encodeControl } from '../../src/data-dir/control-file.ts'
import { T0, tempFolder } from '../support.ts'

/** A node that was stopped, on the disk, with the four files that say whose is what. */
interface Place {
  readonly node: () => HoldfastNode
  readonly files: Readonly<Record<'node.json' | 'lock' | 'store.json' | 'owner.json', string>>
}

async function place(): Promise<Place> {
  const [dataDir, root] = [tempFolder(), tempFolder()]
  const node = () =>
    createNode({
      plugins: [backendLocal({ root }), manifest({ dataDir })],
      clock: new FakeClock(T0),
      log: 'silent',
    })
  const first = await node().start()
  await first.files.write('a/x', 'x')
  await first.stop()
  const gone = { pid: 2 ** 22 + 1, host: hostname(), started: '', incarnation: 'gone' }
  writeFileSync(join(dataDir, 'lock'), encodeControl(gone))
  const ofStore = (name: string) => join(root, '.holdfast', name)
  return {
    node,
    files: {
      'node.json': join(dataDir, 'node.json'),
      lock: join(dataDir, 'lock'),
      'store.json': ofStore('store.json'),
      'owner.json': ofStore('owner.json'),
    },
  }
}

/** What a person needs to get out again, by what a start may be refused with. */
const WAYS_OUT = {
  HF_MANIFEST_CORRUPT: /remove it/,
  HF_FORMAT_NEWER: /format \d+/,
  HF_STORE_MISMATCH: /store/,
  HF_DATADIR_IN_USE: /remove/,
} as Readonly<Record<string, RegExp>>

interface Outcome {
  readonly id?: string
  readonly listed?: readonly string[]
  readonly mayErase?: boolean
  readonly refused?: string
}

/** One life with whatever lies there: a right one, or a refusal that says what to do. */
async function live(make: () => HoldfastNode): Promise<Outcome> {
  const node = make()
  try {
    await node.start()
    const { items } = node.service('manifest').entries()
    const { allowed } = await node.gate.check({ action: 'erase', actor: 'user' })
    return { id: node.id, listed: items.map(({ path }) => path), mayErase: allowed }
  } catch (error) {
    if (!isHoldfastError(error)) throw error
    expect([error.code, error.message]).toEqual([
      error.code,
      expect.stringMatching(WAYS_OUT[error.code] ?? /a refusal with this code was not expected/),
    ])
    return { refused: error.code }
  } finally {
    await node.stop()
  }
}

describe('a control file', () => {
  it('[X-09] says exactly what was written, or that it is damaged, or newer: for every bit that flips, for every length', () => {
    const fields = { nodeId: 'node-1', position: { term: 1, index: 12 }, time: T0, name: 'ü' }
    const bytes = encodeControl(fields)
    const whole = { state: 'read', format: 2, fields }
    for (let length = 0; length < bytes.length - 1; length++)
      expect(decodeControl(bytes.subarray(0, length))).toEqual({ state: 'damaged' })
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      const control = decodeControl(flipped)
      if (control.state === 'read') expect(control).toEqual(whole)
      // The one digit of the format may become that of a later one.
      else if (control.state === 'newer') expect(flipped[10]).not.toBe(bytes[10])
    }
  })

  for (const name of ['node.json', 'lock', 'store.json', 'owner.json'] as const) {
    it(`[X-09] ${name}: with any byte changed, or cut anywhere, a start is right or refused with a way out`, async () => {
      const { node, files } = await place()
      const sound = readFileSync(files[name])
      const stale = readFileSync(files.lock)
      const whole = await live(node)
      expect(whole).toMatchObject({ listed: ['a/x'], mayErase: true })
      const damages: Buffer[] = []
      for (let at = 0; at < sound.length; at++) {
        const flipped = Buffer.from(sound)
        flipped[at]! ^= 1 << (at % 8)
        damages.push(flipped)
      }
      for (let length = 0; length < sound.length; length += 7) damages.push(sound.subarray(0, length))
      for (const bytes of damages) {
        writeFileSync(files.lock, stale)
        writeFileSync(files[name], bytes)
        const outcome = await live(node)
        if (outcome.refused === undefined)
          // What the store says of itself is never passed over; what the data folder says can be made anew.
          expect(outcome).toEqual({ ...whole, mayErase: isReadable(bytes) || name === 'lock' })
        else expect(isReadable(bytes)).toBe(false)
      }
      writeFileSync(files[name], sound)
      if (name !== 'lock') rmSync(files.lock, { force: true })
      expect(await live(node)).toEqual(whole)
    }, 120_000)

    it(`[X-09] ${name}: a folder in its place, or what cannot be read, is named or denies`, async () => {
      const { node, files } = await place()
      for (const spoil of [
        () => mkdirSync(files[name]),
        // A link to itself: nobody can read it, whoever he is.
        () => symlinkSync(files[name], files[name]),
      ]) {
        rmSync(files[name], { recursive: true, force: true })
        spoil()
        if (name === 'node.json' || name === 'lock')
          await expect(node().start()).rejects.toMatchObject({
            code: 'HF_MANIFEST_CORRUPT',
            message: expect.stringContaining(name),
          })
        else expect(await live(node)).toMatchObject({ listed: ['a/x'], mayErase: false })
      }
    })
  }

  it("[X-09] the store's own damaged records are written anew when somebody says that it is the right store", async () => {
    const { node, files } = await place()
    rmSync(files.lock)
    for (const name of ['store.json', 'owner.json'] as const) {
      writeFileSync(files[name], 'damaged')
      const started = await node().start()
      const { manifest: authority } = { manifest: started.service('manifest') }
      if (name === 'store.json')
        await expect(started.files.write('a/y', 'y')).rejects.toMatchObject({ code: 'HF_STORE_MISMATCH' })
      expect(await authority.acknowledge({ actor: 'ada' })).toBe(true)
      expect(await started.gate.check({ action: 'erase', actor: 'user' })).toMatchObject({ allowed: true })
      expect(decodeControl(readFileSync(files[name]))).toMatchObject({
        state: 'read',
        fields: { storeId: authority.storeId },
      })
      await started.stop()
      expect(await live(node)).toMatchObject({ listed: ['a/x'], mayErase: true })
    }
  })
})

function isReadable(bytes: Buffer): boolean {
  return decodeControl(bytes).state === 'read'
}
