import { once } from 'node:events'
import { chmod, lstat, rename, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { dirname, join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { HoldfastNode } from '@holdfast/core'
import { answer } from './answer.ts'

export interface Listener {
  /** Answers that are under way. */
  readonly answering: number
  /** Waits until nobody is answered any more, or until the signal fires, and takes no more requests. */
  close(enough: AbortSignal): Promise<void>
}

/** Time that a caller has to say what it wants when no other will be taken, ms. */
const LAST_WORDS_MS = 500

/**
 * Lets a started node hear the command on a local socket that only its own user can open. The node owns its data folder,
 * so a socket that is there already was left by one that was killed.
 */
export async function listen(node: HoldfastNode, socketPath: string): Promise<Listener> {
  const answers = new Set<Promise<void>>()
  // A put may take hours.
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    const answered = answer(node, request, response, () => answers.add(answered))
      .catch((error: Error) => void response.destroy(error))
      .finally(() => answers.delete(answered))
  })
  const inode = await openAt(server, socketPath)
  // The node lives without it, and may stop.
  server.unref()
  return {
    get answering() {
      return answers.size
    },
    async close(enough) {
      const over = enough.aborted ? Promise.resolve() : once(enough, 'abort')
      const answered = () => Promise.race([Promise.all(answers), over])
      // While somebody is answered others may as well ask: they could have no node of their own.
      while (answers.size > 0 && !enough.aborted) await answered()
      if (await isStill(socketPath, inode)) await rm(socketPath, { force: true })
      // Nobody else finds it from here on; whoever has just come is let in.
      await setImmediate()
      await setImmediate()
      server.close()
      const until = performance.now() + LAST_WORDS_MS
      while ((await connectionsOf(server)) > answers.size && performance.now() < until) await setTimeout(10)
      await answered()
      server.closeAllConnections()
    },
  }
}

/**
 * Gives the inode of the socket. It is made under another name: a server that closes removes the name that it was made
 * with, and by then another node may listen under this one.
 */
async function openAt(server: Server, socketPath: string): Promise<number> {
  const making = join(dirname(socketPath), 'command.new')
  try {
    await rm(making, { force: true })
    server.listen(making)
    await once(server, 'listening')
    await chmod(making, 0o600)
    const { ino } = await lstat(making)
    await rename(making, socketPath)
    return ino
  } catch (error) {
    server.close()
    throw error
  }
}

async function isStill(socketPath: string, inode: number): Promise<boolean> {
  const found = await lstat(socketPath).catch(() => undefined)
  return found?.ino === inode
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
}
