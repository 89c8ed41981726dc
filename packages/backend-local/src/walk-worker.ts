import { setImmediate } from 'node:timers/promises'
import { type MessagePort, parentPort } from 'node:worker_threads'
import { errnoOf } from './errno.ts'
import { Walk } from './walk.ts'
import type { FromWalk, WalkOrder } from './walk-thread.ts'

/** Ms of walking before the messages of other listings, and of an end, get a turn. */
const TURN = 5

/** The thread's program: walks for each order, a few pages ahead of who asked, until the other side closes its port. */
parentPort?.on('message', ({ request, ahead, port }: WalkOrder) => {
  void serve(new Walk(request), ahead, port).finally(() => port.close())
})

async function serve(walk: Walk, ahead: number, port: MessagePort): Promise<void> {
  const say = (message: FromWalk) => port.postMessage(message)
  let [credit, closed] = [ahead, false]
  let wake: (() => void) | undefined
  port.on('message', () => {
    credit++
    wake?.()
  })
  port.on('close', () => {
    closed = true
    wake?.()
  })
  try {
    let turn = performance.now()
    for (const page of walk.pages()) {
      if (page) {
        say({ type: 'page', page })
        credit--
      }
      if (performance.now() - turn > TURN || credit === 0) {
        await setImmediate()
        while (credit === 0 && !closed)
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        turn = performance.now()
      }
      if (closed) return
    }
    const { skipped, example } = walk
    say({ type: 'end', skipped, example })
  } catch (error) {
    // An error's own fields do not cross threads.
    const errno = errnoOf(error)
    say({ type: 'failed', message: String(error), ...(errno !== undefined && { errno }) })
  }
}
