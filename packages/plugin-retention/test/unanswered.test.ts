import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { StorageKey } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { Unanswered } from '../src/unanswered.ts'

const file = (at: number, generation = at) => ({ key: `folder/file-${at}` as StorageKey, generation })

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

async function used(): Promise<number> {
  // What one collection finds may be given back after it.
  for (let times = 0; times < 5; times++) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

describe('what is kept of files that nobody could tell of', () => {
  it('[R-15] each of them, by its key and generation, and no other', () => {
    const unanswered = new Unanswered()
    expect(unanswered.has(file(0))).toBe(false)
    for (let at = 0; at < 30_000; at += 2) {
      unanswered.add(file(at))
      unanswered.add(file(at))
    }
    expect(unanswered.size).toBe(15_000)
    const wrong = []
    for (let at = 0; at < 30_000; at++)
      if (unanswered.has(file(at)) !== (at % 2 === 0) || unanswered.has(file(at, at + 1))) wrong.push(at)
    expect(wrong).toEqual([])
  })

  it('[R-15] costs less than 16 bytes each', async () => {
    const before = await used()
    const unanswered = new Unanswered()
    for (let at = 0; at < 300_000; at++) unanswered.add(file(at))
    const bytes = ((await used()) - before) / unanswered.size
    expect(bytes).toBeLessThan(16)
    expect(unanswered.has(file(299_999))).toBe(true)
  })

  it('[R-15] is forgotten when far fewer files are left', () => {
    const unanswered = new Unanswered()
    for (let at = 0; at < 20_000; at++) unanswered.add(file(at))
    unanswered.trim(15_000)
    expect(unanswered.size).toBe(20_000)
    unanswered.trim(10_000)
    expect([unanswered.size, unanswered.has(file(0))]).toEqual([0, false])
  })
})
