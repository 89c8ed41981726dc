import { HoldfastError, type Log, type LogRecord, type Position } from '@holdfast/core'
import { readRecord } from '../packages/manifest/src/format/record.ts'
import { Records } from '../packages/testkit/src/log-memory/records.ts'
import type { Asked, Mishap } from './calls.ts'
import type { Life } from './life.ts'
import { Tenures } from './tenures.ts'
import type { World } from './world.ts'

const ID = 'the simulated log'
const MOST_BYTES = 1024 * 1024
/** Of a hundred calls that could be answered at once, those that are not. */
const SLOW = 10

/** One log for all nodes. Who is cut off from it hears nothing, or hears that nothing can be heard. */
export class SharedLog {
  readonly #records = new Records(MOST_BYTES)
  readonly #world: World
  readonly #tenures = new Tenures()

  constructor(world: World) {
    this.#world = world
  }

  get head(): Position {
    return this.#records.head
  }

  get floor(): Position {
    return this.#records.floor
  }

  /** Somebody removes records, whoever needs them. */
  truncate(index: number): void {
    const term = this.#records.termAt(index)
    if (term !== undefined) this.#records.truncate({ term, index })
  }

  changeLeader(): void {
    this.#records.changeLeader()
  }

  /** The log as a node's plugin provides it. */
  clientOf(life: Life): Log {
    const records = this.#records
    const ask = <T>(what: string, signal: AbortSignal | undefined, answer: () => T) =>
      this.#call({ ...asked(life, what, signal) }, answer)
    return {
      id: ID,
      capabilities: { maxRecordBytes: MOST_BYTES, transactional: false },
      append: (bytes, { expectedHead, signal }) => {
        const sent = Buffer.from(bytes)
        const call = {
          ...asked(life, 'append', signal),
          about: `at ${expectedHead.index + 1}`,
          changes: true,
        }
        return this.#call(call, () => this.#append(sent, expectedHead))
      },
      async *read(after, { signal, ...limits } = {}) {
        const upTo = (await ask('head', signal, () => records.head)).index
        for (let from = after; ; ) {
          const page: readonly LogRecord[] = await ask('read', signal, () => records.page(from, limits))
          const last = page.at(-1)
          if (!last) return
          yield page
          if (last.position.index >= upTo) return
          from = last.position
        }
      },
      async *follow(after, { signal } = {}) {
        for (let from = after; ; ) {
          const { changes } = records
          const page: readonly LogRecord[] = await ask('follow', signal, () => records.page(from, {}))
          const last = page.at(-1)
          if (last) yield page
          else await records.changeAfter(changes, signal)
          from = last?.position ?? from
        }
      },
      head: ({ signal } = {}) => ask('head', signal, () => records.head),
      floor: ({ signal } = {}) => ask('floor', signal, () => records.floor),
      termAt: (index, { signal } = {}) => ask('termAt', signal, () => records.termAt(index)),
      truncate: (upTo, { signal } = {}) => ask('truncate', signal, () => records.truncate(upTo)),
    }
  }

  #append(bytes: Buffer, expectedHead: Position): Position {
    const position = this.#records.append(bytes, expectedHead)
    this.#world.watched(() => this.#tenures.judge(readRecord(bytes), position.index))
    return position
  }

  #call<T>(asked: Asked, answer: () => T): Promise<T> {
    const { calls, random } = this.#world
    const { machine } = asked.life
    return calls.make(
      asked,
      () => !machine.isCut && !random.chance(SLOW),
      async () => answer(),
    )
  }
}

function asked(life: Life, what: string, signal: AbortSignal | undefined): Asked {
  return {
    life,
    to: 'log',
    what,
    about: 'of the log',
    signal,
    changes: false,
    problem: (mishap) => problem(what, mishap, signal),
  }
}

function problem(what: string, mishap: Mishap, signal: AbortSignal | undefined): unknown {
  if (what === 'append' && mishap !== 'failed')
    return new HoldfastError('HF_COMMIT_UNKNOWN', `a simulated fault: ${mishap}`)
  if (mishap === 'given up') return signal?.reason
  return new HoldfastError('HF_LOG_UNAVAILABLE', `a simulated fault: ${mishap}`)
}
