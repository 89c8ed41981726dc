import type { Clock } from '../clock.ts'
import { CallContext } from '../hooks/call.ts'
import { type Watchdog, Watched } from '../hooks/watchdog.ts'
import { isThenable } from '../thenable.ts'

/** Time that a part of the node has for its answer, ms: as much as a gate tap that says nothing else. */
const LIMIT_MS = 10_000

class Question extends Watched {
  readonly start: number
  readonly deadline: number
  readonly expire: () => void

  constructor(start: number, expire: () => void) {
    super()
    this.start = start
    this.deadline = start + LIMIT_MS
    this.expire = expire
  }
}

/** Asks what plugins bring beside their taps: conditions and roles. One that hangs is not asked again until it has ended. */
export class Asker {
  readonly #clock: Clock
  readonly #watchdog: Watchdog
  readonly #hanging = new Map<Question, string>()

  constructor(clock: Clock, watchdog: Watchdog) {
    this.#clock = clock
    this.#watchdog = watchdog
  }

  /** Hands on an answer that is there at once. @throws what `call` throws, and an error when it takes too long */
  ask(name: string, context: CallContext, call: () => unknown): unknown {
    if (this.#hanging.size > 0) this.#refuseHanging(name)
    const answer = call()
    return isThenable(answer) ? this.#wait(name, context, answer) : answer
  }

  #refuseHanging(name: string): void {
    for (const [{ start }, hanging] of this.#hanging)
      if (hanging === name)
        throw new Error(`it has hung for ${Math.round(this.#clock.monotonic() - start)} ms`)
  }

  #wait(name: string, context: CallContext, answer: PromiseLike<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const question = new Question(this.#clock.monotonic(), () => {
        this.#hanging.set(question, name)
        const late = new Error(`it took longer than ${LIMIT_MS} ms`)
        CallContext.abort(context, late)
        reject(late)
      })
      this.#watchdog.enter(question)
      const end = () => {
        if (!this.#hanging.delete(question)) this.#watchdog.leave(question)
      }
      Promise.resolve(answer).finally(end).then(resolve, reject)
    })
  }
}
