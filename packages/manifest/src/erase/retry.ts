import type { QueuedErase, StorageKey } from '@holdfast/core'
import { orUnreadable } from '../format/bytes.ts'
import { TABLE } from '../format/rows.ts'
import type { Opened } from '../opened.ts'

/**
 * Tries anew what was set aside. A damaged row of the queue is written anew from the row of its key, which says all that
 * counts; what else could not be read is looked at again. Gives how many there were.
 */
export async function retryAside({
  eraseQueue,
  committer,
  clock,
  state,
}: Pick<Opened, 'eraseQueue' | 'committer' | 'clock' | 'state'>): Promise<number> {
  const { unreadable } = eraseQueue
  const aside = [...eraseQueue.scan().filter(({ setAside }) => setAside !== undefined)]
  const named = new Set(unreadable.all().map(({ key }) => key))
  const nextTry = clock.now()
  // Not in the transaction: it may take a look at the whole queue.
  eraseQueue.timesOf(unreadable.keys())
  await committer.local(() => {
    eraseQueue.renew(unreadable.all().flatMap(({ key, row }) => (isQueueRow(row) ? renewed(key, row) : [])))
    for (const { key, since } of aside) if (!named.has(key)) eraseQueue.put(again(key, since))
  })
  // Not before: a transaction that fails may be tried again.
  unreadable.clear()
  return aside.length

  function again(key: StorageKey, since: number): QueuedErase {
    return { key, since, attempts: 0, nextTry }
  }

  /** What stands in the place of a row of the queue: nothing, when its key has no business there. */
  function renewed(key: StorageKey, row: Buffer) {
    const known = orUnreadable(() => state.key(key))
    if (known === 'unreadable') return []
    const mayErase = known?.state === 'doomed' || known?.state === 'gone'
    return [{ row, key, ...(mayErase && { queued: again(key, 0) }) }]
  }
}

function isQueueRow(row: Buffer): boolean {
  const table = String.fromCharCode(row[0] as number)
  return table === TABLE.retry || table === TABLE.erase
}
