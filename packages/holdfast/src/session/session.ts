import type { LoadOptions } from '../load-node.ts'
import type { Step } from '../operations/operation.ts'
import type { ItemOf, OperationName, RequestOf, ResultOf } from '../operations/operations.ts'

export interface CallOptions {
  /** Ends a run between two chunks; everything else at once. */
  readonly signal?: AbortSignal
  readonly onStep?: (step: Step) => void
  readonly input?: AsyncIterable<Uint8Array>
}

export interface SessionOptions extends Pick<LoadOptions, 'logTo'> {
  /** Ends the waiting: for a data folder that is in use, and for others that ask this node. */
  readonly signal: AbortSignal
  /** The command is through, and others that ask its node are waited for. */
  readonly onWait?: () => void
  /** The node that runs has not begun to answer, which takes it no time as a rule. */
  readonly onSilence?: () => void
}

/** A node that does what it is asked: one of this process, or one that runs in another. */
export interface Session extends AsyncDisposable {
  /** `own`: it was started for this command. `running`: another process runs it. */
  readonly node: 'own' | 'running'
  call<N extends OperationName>(
    name: N,
    request: RequestOf<N>,
    options?: CallOptions,
  ): AsyncGenerator<ItemOf<N>, ResultOf<N>, void>
}

export const NO_INPUT: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
}
