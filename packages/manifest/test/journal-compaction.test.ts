import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { FailpointRegistry } from '@holdfast/core'
import { MANIFEST_FAILPOINTS } from '@holdfast/manifest'
import { describe, expect, it } from 'vitest'
import { createSeal } from '../src/format/seal.ts'
import { compact } from '../src/journal/compact.ts'
import { all, damage, sweeper } from './journal-parts.ts'
import { testNode } from './support.ts'

describe('compaction', () => {
  it('[R-19] a journal that is mostly empty gets small and keeps what it holds; a full one is left alone', async () => {
    const first = await testNode({ plugins: [sweeper(20_000)] })
    const plans = [await first.node.jobs.plan('sweep'), await first.node.jobs.plan('sweep')]
    await first.node.jobs.run('sweep', {})
    const folder = join(first.dataDir, 'journal')
    for (const { id } of plans) await first.node.service('journal').removePlan(id)
    const history = await first.node.jobs.history('sweep')
    await first.node.stop()
    const size = () => statSync(join(folder, 'data.mdb')).size
    const large = size()
    expect(await compact(folder, new FailpointRegistry(), 0)).toBe(true)
    expect(size()).toBeLessThan(large * 0.6)
    expect(await compact(folder, new FailpointRegistry(), 0)).toBe(false)
    expect(existsSync(`${folder}-old`)).toBe(false)
    const second = await first.restart()
    expect(await second.node.jobs.history('sweep')).toEqual(history)
    expect(await all(second.node.service('journal'), history[0]!.plan!)).toHaveLength(20_000)
  })

  it.each(['before', 'copied', 'aside', 'replaced', 'after'] as const)(
    '[R-19] one that fails at journal.compact.%s loses nothing, and its leftovers go with the next start',
    async (point) => {
      const first = await testNode({ plugins: [sweeper(2500)] })
      const plans = await Promise.all([1, 2, 3, 4].map(() => first.node.jobs.plan('sweep')))
      await first.node.jobs.run('sweep', {})
      const history = await first.node.jobs.history('sweep')
      for (const { id } of plans) await first.node.service('journal').removePlan(id)
      await first.node.stop()
      const failpoints = new FailpointRegistry()
      failpoints.declare(MANIFEST_FAILPOINTS)
      failpoints.arm(`journal.compact.${point}`, { kind: 'error' })
      await expect(compact(join(first.dataDir, 'journal'), failpoints, 0)).rejects.toMatchObject({
        code: 'HF_FAILPOINT',
      })
      expect(existsSync(join(first.dataDir, 'journal', 'data.mdb'))).toBe(true)
      const second = await first.restart()
      expect(await second.node.jobs.history('sweep')).toEqual(history)
      expect(await all(second.node.service('journal'), history[0]!.plan!)).toHaveLength(2500)
      expect(readdirSync(first.dataDir).filter((name) => name.startsWith('journal-'))).toEqual([])
    },
  )
})

describe('a journal of another version', () => {
  it('[X-09] a newer format is refused and left as it is', async () => {
    const first = await testNode()
    await first.node.stop()
    const { value: sealed } = (await createSeal()).close(
      (row) => row.name('Nformat'),
      (payload) => payload.varint(2),
    )
    await damage(first.dataDir, 'Nformat', () => sealed)
    await expect(first.restart()).rejects.toMatchObject({ code: 'HF_FORMAT_NEWER' })
  })
})
