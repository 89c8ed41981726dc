import type { Manifest, NewEntry } from '@holdfast/core'

export const CALLERS = 64

/** 64 callers that register one file, wait until it is durable, and go on: each takes every 64th. */
export async function commitEach(authority: Manifest, entries: readonly NewEntry[]): Promise<void> {
  const caller = async (_: unknown, first: number) => {
    for (let index = first; index < entries.length; index += CALLERS)
      await authority.commit({ id: idOf(index), ops: [{ type: 'register', entry: entries[index]! }] })
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
}

/** The batch of the `index`-th file. */
export function idOf(index: number): string {
  return `01ARZ3NDEKTSV4RRFFQ69${String(index).padStart(5, '0')}`
}
