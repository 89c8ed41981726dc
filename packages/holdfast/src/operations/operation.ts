import type { HoldfastNode } from '@holdfast/core'
import { checkRequest, type Fields } from './request.ts'

/** How far something is that takes its time. */
export interface Step {
  /** For people: `retention, planning`. */
  readonly what: string
  readonly unit: 'files' | 'bytes'
  readonly done: number
  readonly total?: number
  /** Units a second. */
  readonly rate?: number
  /** Milliseconds until the end at this rate. */
  readonly eta?: number
  /** The run that this belongs to, which can be cancelled. */
  readonly run?: string
}

/** What an operation works with: a started node, and the one who asked. */
export interface Call {
  readonly node: HoldfastNode
  /** Aborted when the one who asked has gone, or wants no more. A run then ends between two chunks. */
  readonly signal: AbortSignal
  readonly onStep: (step: Step) => void
  /** Bytes that came with the request. */
  readonly input: AsyncIterable<Uint8Array>
}

/**
 * One thing that the command lets a node do. It knows no terminal: it yields what it finds, piece by piece, and returns
 * what it comes to, all of it plain data or bytes, so that it is the same in a node of the command's own and in one that
 * runs in another process.
 */
export type Operation<Request extends object, Item, Result> = (
  call: Call,
  request: Request,
) => AsyncGenerator<Item, Result, void>

/** An operation that takes requests of these fields only. @throws HF_REQUEST_INVALID when it is called with another */
export function operation<Request extends object, Item, Result>(
  fields: Fields<Request>,
  work: Operation<Request, Item, Result>,
): Operation<Request, Item, Result> {
  return (call, request) => {
    checkRequest(request, fields)
    return work(call, request)
  }
}

/** An operation that finds nothing on its way. */
export function answering<Request extends object, Result>(
  fields: Fields<Request>,
  answer: (call: Call, request: Request) => Promise<Result>,
): Operation<Request, never, Result> {
  // biome-ignore lint/correctness/useYield: it only returns
  return operation(fields, async function* (call, request) {
    return await answer(call, request)
  })
}

/** Tells how far it is, with the rate since its beginning, at most ten times a second. */
export function meter(
  { onStep }: Pick<Call, 'onStep'>,
  { what, unit, total }: Pick<Step, 'what' | 'unit' | 'total'>,
): (done: number) => void {
  const from = performance.now()
  let told = from
  return (done) => {
    const now = performance.now()
    if (now - told < 100) return
    told = now
    const rate = (done / (now - from)) * 1000
    const known = total !== undefined && { total, eta: Math.max(0, ((total - done) / rate) * 1000) }
    onStep({ what, unit, done, rate, ...known })
  }
}
