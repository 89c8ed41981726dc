import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** Makes a folder's names durable: a name that was added or taken away survives a power loss only after this. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Syncs folders for many callers at once. A sync that has not begun covers everything that was done before it, so
 * all callers that wait for one folder share it; one that runs already may have missed the latest name.
 */
export class FolderSyncs {
  readonly #running = new Map<string, Promise<void>>()
  readonly #waiting = new Map<string, Promise<void>>()
  readonly #syncFolder: (path: string) => Promise<void>

  constructor(sync: (path: string) => Promise<void> = syncFolder) {
    this.#syncFolder = sync
  }

  sync(path: string): Promise<void> {
    const waiting = this.#waiting.get(path)
    if (waiting) return waiting
    const before = this.#running.get(path)?.catch(() => undefined)
    const turn = Promise.resolve(before).then(async () => {
      this.#waiting.delete(path)
      this.#running.set(path, turn)
      try {
        await this.#syncFolder(path)
      } finally {
        if (this.#running.get(path) === turn) this.#running.delete(path)
      }
    })
    this.#waiting.set(path, turn)
    return turn
  }
}
