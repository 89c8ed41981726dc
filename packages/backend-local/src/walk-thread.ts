import { fileURLToPath } from 'node:url'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { WalkedPage } from './page.ts'
import type { WalkRequest, WalkSkips } from './walk.ts'

/** Pages that the thread may be ahead of the one who reads them. */
const PAGES_AHEAD = 6

/** What becomes garbage at once, as directory entries do, needs no more room than this, MiB. */
const YOUNG_MIB = 4

export interface WalkOrder {
  readonly request: WalkRequest
  readonly ahead: number
  /** Every message on it is a page that was taken; its close ends the walk. */
  readonly port: MessagePort
}

export type FromWalk =
  | { readonly type: 'page'; readonly page: WalkedPage }
  | ({ readonly type: 'end' } & WalkSkips)
  | { readonly type: 'failed'; readonly message: string; readonly errno?: string }

/** The thread in which long listings walk: started by the first of them, shared by all, ended by `stop`. */
export class WalkThread {
  #worker: Worker | undefined

  /**
   * The pages of a walk. A process may end while nobody walks; a walk that is under way keeps it.
   * @throws what the walk threw, with its errno; an AbortError when the signal fires
   */
  async *walk(
    request: WalkRequest,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<WalkedPage, WalkSkips, undefined> {
    const { port1: port, port2: far } = new MessageChannel()
    const queue: (FromWalk | 'closed')[] = []
    let wake: (() => void) | undefined
    const put = (message: FromWalk | 'closed') => {
      queue.push(message)
      wake?.()
    }
    const onAbort = () => wake?.()
    port.on('message', put)
    port.on('close', () => put('closed'))
    signal?.addEventListener('abort', onAbort)
    try {
      this.#started().postMessage({ request, ahead: PAGES_AHEAD, port: far } satisfies WalkOrder, [far])
      for (;;) {
        signal?.throwIfAborted()
        const message = queue.shift()
        if (message === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        } else if (message === 'closed') throw errnoError('the thread that walks has ended', 'EAGAIN')
        else if (message.type === 'failed') throw errnoError(message.message, message.errno)
        else if (message.type === 'end') return message
        else {
          yield message.page
          port.postMessage('taken')
        }
      }
    } finally {
      signal?.removeEventListener('abort', onAbort)
      port.close()
    }
  }

  async stop(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #started(): Worker {
    if (this.#worker) return this.#worker
    const own = import.meta.url.endsWith('.ts') ? './walk-worker.ts' : './walk-worker.js'
    const worker = new Worker(fileURLToPath(new URL(own, import.meta.url)), {
      name: 'holdfast-list',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    })
    // The listings that wait see their ports close; the next one starts another thread.
    const forget = () => {
      if (this.#worker === worker) this.#worker = undefined
    }
    worker.on('error', forget).on('exit', forget)
    worker.unref()
    this.#worker = worker
    return worker
  }
}

function errnoError(message: string, code: string | undefined): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code })
}
