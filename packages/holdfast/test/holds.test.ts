import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode, type HoldfastNode } from '@holdfast/core'
import { standalone } from 'holdfast'
import { describe, expect, it, onTestFinished } from 'vitest'
import { add, release } from '../src/operations/holds.ts'

async function startNode(): Promise<HoldfastNode> {
  const root = mkdtempSync(join(realpathSync(tmpdir()), 'holdfast-'))
  const plugins = standalone({ dataDir: join(root, 'data'), root: join(root, 'files'), reserve: 0 })
  const node = await createNode({ plugins, log: 'silent' }).start()
  onTestFinished(async () => {
    await node.stop()
    rmSync(root, { recursive: true })
  })
  return node
}

/** What an operation comes to, or the code by which it is refused. */
async function endOf<Result>(answers: AsyncGenerator<never, Result>): Promise<Result | string> {
  try {
    return (await answers.next()).value as Result
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}

const callOf = (node: HoldfastNode) => ({
  node,
  signal: new AbortController().signal,
  onStep: () => undefined,
  input: (async function* () {})(),
})

describe('holds of one name, asked for in one tick', () => {
  it('[R-18] one is set, and no other takes its place unasked', async () => {
    const node = await startNode()
    const set = (folder: string) => endOf(add(callOf(node), { scope: { folder }, owner: 'ada', id: 'legal' }))
    const [first, ...others] = await Promise.all(['a', 'b', 'c', 'd'].map(set))
    expect(first).toMatchObject({ id: 'legal', scope: { folder: 'a' } })
    expect(others).toEqual(['HF_INPUT_CHANGED', 'HF_INPUT_CHANGED', 'HF_INPUT_CHANGED'])
    expect(await set('b')).toBe('HF_HELD')
    expect(node.service('manifest').holds.list()).toMatchObject([{ scope: { folder: 'a' } }])
  })

  it('[R-18] one that was replaced after it was shown is not released', async () => {
    const node = await startNode()
    const { holds } = node.service('manifest')
    const shown = { scope: { folder: 'a' }, owner: 'ada' }
    await holds.hold({ ...shown, id: 'legal' })
    const [, released] = await Promise.all([
      holds.hold({ scope: { folder: 'b' }, owner: 'bob', id: 'legal' }),
      endOf(release(callOf(node), { id: 'legal', act: true, current: shown })),
    ])
    expect(released).toBe('HF_INPUT_CHANGED')
    expect(holds.list()).toMatchObject([{ scope: { folder: 'b' } }])
  })
})
