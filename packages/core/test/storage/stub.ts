import { type Backend, type BackendErrorKind, HoldfastError } from '@holdfast/core'

/** A backend of which a test brings the calls that it is about; it declares everything. */
export function stub(calls: Partial<Backend> = {}): Backend {
  const unexpected = async () => {
    throw new Error('this call was not expected')
  }
  return {
    topology: 'shared',
    capabilities: {
      writeIfAbsent: true,
      readRange: true,
      readIfVersion: true,
      deleteIfVersion: true,
      listVersions: true,
      changedAt: true,
    },
    limits: { keyBytes: 64, segmentBytes: 16, deleteBatch: 3, listPage: 2 },
    write: unexpected,
    read: unexpected,
    stat: unexpected,
    list: () => {
      throw new Error('this call was not expected')
    },
    delete: unexpected,
    ...calls,
  }
}

export function failure(kind: BackendErrorKind, context: Record<string, unknown> = {}): HoldfastError {
  return new HoldfastError('HF_BACKEND', `a failure of kind ${kind}`, { kind, context })
}

/** Gives these answers one after the other: an error is thrown, anything else returned. */
export function answers<T>(...given: (T | Error)[]) {
  const calls: unknown[][] = []
  const answer = async (...args: unknown[]): Promise<T> => {
    calls.push(args)
    const next = given.shift()
    if (next === undefined) throw new Error('no answer is left')
    if (next instanceof Error) throw next
    return next
  }
  return Object.assign(answer, { calls })
}

export const WRITTEN = { size: 1, checksum: 'sha256:00', changedAt: 1 }

export async function* pieces<T>(...given: (T | Error)[]): AsyncGenerator<T, void, undefined> {
  for (const piece of given) {
    if (piece instanceof Error) throw piece
    yield piece
  }
}

export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const piece of stream) found.push(piece)
  return found
}

/** Lets promises that rest on nothing else come to their end. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}
