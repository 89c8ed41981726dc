import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backendLocal } from '@holdfast/backend-local'
import { createNode, type FilePath, type Logger } from '@holdfast/core'
import { manifest } from '@holdfast/manifest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { behind, named, TABLE } from '../src/format/rows.ts'
import { type FolderRow, readFolder } from '../src/state/folders.ts'
import { upgradeFrom1 } from '../src/state/upgrade.ts'
import { openMemory } from '../src/store/memory.ts'
import { batchOf, openState } from './open-state.ts'
import { register } from './support.ts'

const FIXTURES = join(import.meta.dirname, 'fixtures')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-upgrade-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A node over a store that an older version has written, and what it warned of. */
function open(fixture: string) {
  execFileSync('tar', ['xzf', join(FIXTURES, fixture), '-C', folder])
  return nodeOver()
}

function nodeOver() {
  const warnings: string[] = []
  const ignore = () => undefined
  const log: Logger = {
    debug: ignore,
    info: ignore,
    warn: (_facts, message) => void warnings.push(message ?? ''),
    error: (_facts, message) => void warnings.push(message ?? ''),
    child: () => log,
  }
  const node = createNode({
    plugins: [
      backendLocal({ root: join(folder, 'files') }),
      manifest({ dataDir: join(folder, 'data'), eraseDelay: '1h' }),
    ],
    log,
    // The records of the fixture are as old as it is.
    clockWatch: { horizon: Number.MAX_SAFE_INTEGER },
  })
  return { node, warnings }
}

describe('a store that an older version has written', () => {
  it('[M-22] of format 1 is upgraded once, visibly, with its files, its log and what is on its way out', async () => {
    const first = open('format-1.tar.gz')
    await first.node.start()
    const authority = first.node.service('manifest')
    expect(first.warnings.filter((text) => text.startsWith('the store was upgraded'))).toHaveLength(1)
    expect(authority.check()).toEqual([])
    expect(authority.head().position).toEqual({ term: 1, index: expect.any(Number) })
    const paths: string[] = []
    for await (const { path } of first.node.files.list({ prefix: 'a/' })) paths.push(path)
    expect(paths).toHaveLength(29)
    expect(paths).not.toContain('a/b3')
    const parts: Uint8Array[] = []
    for await (const part of await first.node.files.read('a/b7' as FilePath)) parts.push(part)
    expect(Buffer.concat(parts).toString()).toBe('x7')
    await first.node.files.write('a/new', 'new')
    await first.node.stop()
    const second = nodeOver()
    await second.node.start()
    expect(second.warnings.filter((text) => text.startsWith('the store was upgraded'))).toEqual([])
    expect(second.node.service('manifest').check()).toEqual([])
    await second.node.stop()
  })

  it('[M-22] of format 1 gets its folders counted apart from its files', async () => {
    const store = openMemory()
    const before = await openState(store)
    before.apply([
      batchOf(['a/x', 'a/b/x', 'a/b/y', 'a/b/c/d/x', 'e/f/x', 'g'].map((path) => register(path))),
    ])
    const { rows } = before.state
    const all = named(TABLE.folder, '')
    rows.transaction(() => {
      for (const row of rows.names(all, behind(all), 100)) {
        const { children } = rows.get(row, readFolder) as FolderRow
        rows.put(row, (payload) => payload.varint(children))
      }
      upgradeFrom1(before.state)
    })
    expect((await openState(store)).check()).toEqual([])
  })
})
