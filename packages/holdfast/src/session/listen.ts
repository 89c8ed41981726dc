import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { HoldfastError, type HoldfastNode } from '@holdfast/core'
import type { Step } from '../operations/operation.ts'
import { operationOf } from '../operations/operations.ts'
import { encodeError, encodeItem, type Line, REQUEST_BYTES, ROUTE } from './wire.ts'

export interface Listener {
  /** Takes no more requests, and drops those that are under way. */
  close(): Promise<void>
}

/**
 * Lets a started node hear the command on a local socket that only its own user can open. The node owns its data folder,
 * so a socket that is there already was left by one that was killed.
 */
export async function listen(node: HoldfastNode, socketPath: string): Promise<Listener> {
  await rm(socketPath, { force: true })
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    answer(node, request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  const before = process.umask(0o177)
  try {
    // The socket is made before this returns.
    server.listen(socketPath)
  } finally {
    process.umask(before)
  }
  await once(server, 'listening')
  await chmod(socketPath, 0o600)
  // The node lives without it, and may stop.
  server.unref()
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(node: HoldfastNode, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  response.on('close', () =>
    gone.abort(new HoldfastError('HF_STOPPED', 'whoever asked has gone', { kind: 'aborted' })),
  )
  // A line that nobody takes is waited for, so that no answer piles up here.
  const say = async (line: Line) => {
    if (!response.write(`${JSON.stringify(line)}\n`)) await once(response, 'drain', { signal: gone.signal })
  }
  const onStep = (step: Step) => {
    if (!response.writableNeedDrain) response.write(`${JSON.stringify({ step })}\n`)
  }
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  try {
    const { asked, input } = await readRequest(request)
    const name = request.url?.startsWith(ROUTE) ? request.url.slice(ROUTE.length) : ''
    const operation = operationOf(name)
    if (!operation || request.method !== 'POST')
      throw invalid(
        `the node that runs knows no ${name || request.url}; is it of another version? restart it`,
      )
    const answers = operation({ node, signal: gone.signal, onStep, input }, asked)
    let next = await answers.next()
    for (; !next.done; next = await answers.next()) await say(encodeItem(next.value))
    await say({ result: next.value ?? null })
  } catch (error) {
    if (gone.signal.aborted) return
    await say(encodeError(error))
  }
  response.end()
}

/** The line that is the request, and the bytes behind it. */
async function readRequest(
  request: IncomingMessage,
): Promise<{ readonly asked: object; readonly input: AsyncIterable<Uint8Array> }> {
  const source = request[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let head = Buffer.alloc(0)
  for (let end = -1; end < 0; ) {
    const { done, value } = await source.next()
    if (done) throw invalid('the request ended in the middle of its first line')
    head = Buffer.concat([head, value])
    end = head.indexOf(0x0a)
    if (end < 0 && head.length > REQUEST_BYTES)
      throw invalid(`a request is longer than ${REQUEST_BYTES} bytes`)
    if (end < 0) continue
    const rest = head.subarray(end + 1)
    return { asked: parsed(head.toString('utf8', 0, end)), input: withFirst(rest, source) }
  }
  throw invalid('the request is empty')
}

async function* withFirst(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
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
