import { type Clock, HoldfastError, type Position, sleep } from '@holdfast/core'

export type LogCall = 'append' | 'read' | 'head' | 'floor' | 'termAt' | 'truncate'

/** What goes wrong between the clients of a memory log and its server. Starts with nothing. */
export class LogFaults {
  readonly #cuts = new Map<string, number>()
  readonly #delays = new Map<string, { readonly ms: number; readonly clock: Clock }>()
  /** Answers that get lost. */
  lost = 0
  /** Appends that fail. */
  failing = 0

  cut(client: string, by: 1 | -1): void {
    this.#cuts.set(client, (this.#cuts.get(client) ?? 0) + by)
  }

  delay(client: string, delay: { readonly ms: number; readonly clock: Clock } | undefined): void {
    if (delay) this.#delays.set(client, delay)
    else this.#delays.delete(client)
  }

  /** Brings a call to the server. @throws HF_LOG_UNAVAILABLE; the signal's reason */
  async reach(client: string, call: LogCall, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    const delay = this.#delays.get(client)
    if (delay) await sleep(delay.clock, delay.ms, signal)
    if ((this.#cuts.get(client) ?? 0) > 0) throw unavailable(client, call)
  }

  /** Does an append, or not, and brings the answer back, or not. */
  append(client: string, expectedHead: Position, append: () => Position): Position {
    if (this.failing > 0) {
      this.failing--
      throw unavailable(client, 'append')
    }
    const position = append()
    if (this.lost === 0) return position
    this.lost--
    throw new HoldfastError('HF_COMMIT_UNKNOWN', 'the answer to an append was lost', {
      operation: 'log.append',
      context: { expectedHead },
    })
  }
}

function unavailable(client: string, call: LogCall): HoldfastError {
  return new HoldfastError('HF_LOG_UNAVAILABLE', `${client} cannot reach the log`, {
    operation: `log.${call}`,
    context: { client },
  })
}
