import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode } from '@holdfast/core'
import { retention } from '@holdfast/plugin-retention'
import { standalone } from 'holdfast'
import { describe, expect, it, onTestFinished } from 'vitest'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const DAY = 86_400_000

describe('standalone', () => {
  it('[M-11] writes, expires and erases on a real disk, over a restart', async () => {
    const [dataDir, root] = [folder(), folder()]
    const start = () =>
      createNode({
        plugins: [
          ...standalone({ dataDir, root }),
          retention({ policies: [{ id: 'raw', match: '**', maxAge: '90d', minAge: 0 }], eraseDelay: 0 }),
        ],
        log: 'silent',
      }).start()
    const first = await start()
    await first.files.write('sales/2001/02/03/04/old.csv', 'old')
    const kept = await first.files.write('sales/kept.csv', 'kept', { maxTime: Date.now() - DAY })
    await first.stop()
    const second = await start()
    expect(await second.jobs.run('retention', { act: true })).toMatchObject({
      done: { files: 1, bytes: 3 },
      outcome: { status: 'completed' },
    })
    await second.eraser.drain()
    expect(
      readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((file) => file.isFile() && !file.parentPath.includes('.holdfast'))
        .map(({ name }) => name),
    ).toEqual([kept.key.split('/')[1]])
    expect(readdirSync(join(root, 'sales'))).toHaveLength(1)
    expect(second.service('manifest').check()).toEqual([])
    await second.stop()
  })

  it('[B-10] a store that belongs to another manifest is refused, and left as it was', async () => {
    const root = folder()
    const first = await createNode({
      plugins: standalone({ dataDir: folder(), root }),
      log: 'silent',
    }).start()
    await first.files.write('a', 'x')
    await first.stop()
    const before = readdirSync(root, { recursive: true })
    await expect(
      createNode({ plugins: standalone({ dataDir: folder(), root }), log: 'silent' }).start(),
    ).rejects.toMatchObject({ code: 'HF_STORE_MISMATCH' })
    expect(readdirSync(root, { recursive: true })).toEqual(before)
  })
})
