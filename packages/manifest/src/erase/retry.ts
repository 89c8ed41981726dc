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
  const nextTry = clock.now()
  await committer.local(() => {
    const damaged = unreadable.all()
    for (const { key, row } of damaged)
      if (isQueueRow(row) && mayErase(key)) eraseQueue.renew(row, again(key, 0))
    for (const { key, since } of aside) if (!unreadable.has(key)) eraseQueue.put(again(key, since))
    unreadable.clear()
  })
  return aside.length

  function again(key: StorageKey, since: number): QueuedErase {
    return { key, since, attempts: 0, nextTry }
  }

  function mayErase(key: StorageKey): boolean {
    const known = orUnreadable(() => state.key(key))
    return known !== 'unreadable' && (known?.state === 'doomed' || known?.state === 'gone')
  }
}

function isQueueRow(row: Buffer): boolean {
  const table = String.fromCharCode(row[0] as number)
  return table === TABLE.retry || table === TABLE.erase
}
