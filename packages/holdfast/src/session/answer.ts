import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { HoldfastError, type HoldfastNode } from '@holdfast/core'
import type { Step } from '../operations/operation.ts'
import { operationOf } from '../operations/operations.ts'
import { encodeError, LINE_END, type Line, REQUEST_BYTES, ROUTE } from './wire.ts'

/**
 * Does what a request asks for, and answers line by line, until the last one is said. `onAsked`: all of what it wants has
 * been said.
 */
export async function answer(
  node: HoldfastNode,
  request: IncomingMessage,
  response: ServerResponse,
  onAsked: () => void,
): Promise<void> {
  const gone = new AbortController()
  response.on('close', () =>
    gone.abort(new HoldfastError('HF_STOPPED', 'whoever asked has gone', { kind: 'aborted' })),
  )
  // A line that nobody takes is waited for, so that no answer piles up here.
  const say = async (line: Line, bytes?: Uint8Array) => {
    response.write(`${JSON.stringify(line)}\n`)
    if (bytes) response.write(bytes)
    if (response.writableNeedDrain) await once(response, 'drain', { signal: gone.signal })
  }
  const onStep = (step: Step) => {
    if (!response.writableNeedDrain) response.write(`${JSON.stringify({ step })}\n`)
  }
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  // What was asked may take a while; that it is heard does not.
  response.flushHeaders()
  const source = request[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  try {
    const { asked, input } = await readRequest(source)
    onAsked()
    const operation = operationOf(nameOf(request))
    if (!operation)
      throw invalid(`the node that runs knows no ${nameOf(request)}; is it of another version? restart it`)
    const answers = operation({ node, signal: gone.signal, onStep, input }, asked)
    let result: unknown
    async function* items() {
      result = yield* answers
    }
    // Left early, it lets go of what it has open.
    for await (const item of items())
      if (item instanceof Uint8Array) await say({ bytes: item.length }, item)
      else await say({ item })
    await sayLast(response, { result: result ?? null })
  } catch (error) {
    if (gone.signal.aborted) return
    await sayLast(response, encodeError(error))
  }
  void takeRest(source).then(() => response.end())
}

/** Resolves when it is on its way, or nobody takes it any more: then its write may never be heard of again. */
function sayLast(response: ServerResponse, line: Line): Promise<void> {
  return new Promise((resolve) => {
    if (response.closed) return resolve()
    response.once('close', resolve)
    response.write(`${JSON.stringify(line)}\n`, () => resolve())
  })
}

/** The name of the operation; the whole of what was asked for where it is none. */
function nameOf({ method, url = '' }: IncomingMessage): string {
  return method === 'POST' && url.startsWith(ROUTE) ? url.slice(ROUTE.length) : `${method} ${url}`
}

/** The line that is the request, and the bytes behind it. */
async function readRequest(
  source: AsyncIterator<Buffer>,
): Promise<{ readonly asked: object; readonly input: AsyncIterable<Uint8Array> }> {
  let head = Buffer.alloc(0)
  for (;;) {
    const { done, value } = await source.next()
    if (done) throw invalid('the request ended in the middle of its first line')
    head = Buffer.concat([head, value])
    const end = head.indexOf(LINE_END)
    if (end > REQUEST_BYTES || (end < 0 && head.length > REQUEST_BYTES))
      throw invalid(`the first line of the request is longer than ${REQUEST_BYTES} bytes`)
    if (end < 0) continue
    return {
      asked: parsed(head.toString('utf8', 0, end)),
      input: withFirst(head.subarray(end + 1), source),
    }
  }
}

async function* withFirst(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
}

/** Takes what is still sent: an answer that ends before its request does is dropped by Node's client, unread. */
async function takeRest(source: AsyncIterator<Buffer>): Promise<void> {
  try {
    while (!(await source.next()).done);
  } catch {
    // Gone, with the answer.
  }
}

function parsed(text: string): object {
  let asked: unknown
  try {
    asked = JSON.parse(text)
  } catch {
    throw invalid('the request is not JSON')
  }
  if (typeof asked !== 'object' || asked === null || Array.isArray(asked))
    throw invalid('the request is no object')
  return asked
}

function invalid(message: string): HoldfastError {
  return new HoldfastError('HF_REQUEST_INVALID', message)
}
