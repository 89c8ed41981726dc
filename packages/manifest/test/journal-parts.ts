import { join } from 'node:path'
import {
  definePlugin,
  type Journal,
  type PlanItem,
  type PlannedJob,
  type Plugin,
  parsePath,
  totalsOf,
} from '@holdfast/core'
import { type Database, open } from 'lmdb'

export function item(index: number, more: Partial<PlanItem> = {}): PlanItem {
  const path = parsePath(`ns/${String(index).padStart(8, '0')}`)
  const key = `${path}~K` as PlanItem['key']
  return { path, key, generation: index + 1, namespace: 'ns', size: 10, rows: 2, reason: 'test', ...more }
}

export const doAll: PlannedJob<unknown>['act'] = async (chunk) => ({ done: totalsOf(chunk), skipped: {} })

/** A job that would take `count` files. */
export function sweeper(count: number, extra: Partial<PlannedJob<unknown>> = {}): Plugin {
  return definePlugin({
    name: 'test-sweeper',
    id: 'sweeper',
    version: '1.0.0',
    api: '1.0',
    setup: ({ jobs }) =>
      jobs.define({
        name: 'sweep',
        doc: 'A job of a test.',
        action: 'condemn',
        async *plan() {
          for (let at = 0; at < count; at += 1000)
            yield Array.from({ length: Math.min(1000, count - at) }, (_, index) => item(at + index))
        },
        act: doAll,
        ...extra,
      }),
  })
}

/** Changes the stored values of the journal whose names begin so, by hand, while no node has it. */
export async function damage(dataDir: string, prefix: string, change: (value: Buffer) => Buffer | undefined) {
  const db: Database<Buffer, Buffer> = open({
    path: join(dataDir, 'journal'),
    keyEncoding: 'binary',
    encoding: 'binary',
  })
  let found = 0
  for (const { key, value } of [...db.getRange()]) {
    if (!key.toString('latin1').startsWith(prefix)) continue
    const changed = change(Buffer.from(value))
    if (changed) db.putSync(key, changed)
    else db.removeSync(key)
    found++
  }
  await db.close()
  return found
}

/** All items of a plan. */
export async function all(journal: Journal, plan: string): Promise<PlanItem[]> {
  const items: PlanItem[] = []
  for await (const page of journal.planItems(plan)) items.push(...page)
  return items
}
