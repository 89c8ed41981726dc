import { once } from 'node:events'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { HoldfastError } from '@holdfast/core'
import type { OperationName } from '../operations/operations.ts'
import { type CallOptions, NO_INPUT, type Session } from './session.ts'
import { decodeError, partsOf, ROUTE } from './wire.ts'

/** A node that has not begun to answer by then is stopped, or very busy, ms. */
const SILENCE_MS = 2000

/** Nobody was asked: the node has stopped since it was found. */
export class NobodyListens extends Error {
  override readonly name = 'NobodyListens'
}

interface AskOptions extends CallOptions {
  /** It has not begun to answer. */
  readonly onSilence?: (() => void) | undefined
}

/** The node that listens on a socket; undefined when none does. */
export async function runningSession(
  socketPath: string,
  { onSilence }: Pick<AskOptions, 'onSilence'> = {},
): Promise<Session | undefined> {
  // The first question goes where somebody was found; a node that is about to stop waits for it.
  let found = await connected(socketPath)
  if (!found) return undefined
  return {
    node: 'running',
    async *call(name, request, options = {}) {
      const socket = found && !found.destroyed ? found : await connected(socketPath)
      found = undefined
      if (!socket) throw new NobodyListens(`nobody listens on ${socketPath}`)
      return (yield* ask(socket, socketPath, name, request, { ...options, onSilence })) as never
    },
    async [Symbol.asyncDispose]() {
      found?.destroy()
    },
  }
}

async function connected(socketPath: string): Promise<Socket | undefined> {
  const socket = connect(socketPath)
  try {
    await once(socket, 'connect')
    // What goes wrong later goes wrong for the request.
    socket.on('error', () => undefined)
    return socket
  } catch (error) {
    // No file, or one that a killed process has left; any other error is for the user to see.
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK') return undefined
    throw error
  }
}

async function* ask(
  socket: Socket,
  socketPath: string,
  name: OperationName,
  asked: object,
  { signal, onStep, input = NO_INPUT, onSilence }: AskOptions,
): AsyncGenerator<never, unknown> {
  let run: string | undefined
  const sent = httpRequest({ createConnection: () => socket, path: `${ROUTE}${name}`, method: 'POST' })
  const onAbort = () => {
    // A run is told to end, and says what it has done; nothing else has anything to say.
    if (run === undefined) sent.destroy(signal?.reason)
    else void cancel(socketPath, run)
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  const source = new Source(input)
  // What goes wrong with it ends the answer, or is the source's own.
  send(sent, asked, source.bytes()).catch(() => undefined)
  try {
    signal?.throwIfAborted()
    const silence = setTimeout(() => onSilence?.(), SILENCE_MS)
    const [response] = (await once(sent, 'response').finally(() => clearTimeout(silence))) as [
      IncomingMessage,
    ]
    for await (const line of partsOf(response)) {
      if (line instanceof Uint8Array) yield line as never
      else if ('item' in line) yield line.item as never
      else if ('result' in line) return line.result
      else if ('error' in line) throw decodeError(line.error)
      else {
        run = line.step.run ?? run
        onStep?.(line.step)
      }
    }
    throw hasEnded()
  } catch (error) {
    signal?.throwIfAborted()
    throw source.failure ?? (isBroken(error) ? hasEnded(error) : error)
  } finally {
    signal?.removeEventListener('abort', onAbort)
    sent.destroy()
  }
}

/** Bytes to send, and what went wrong with them on this side. */
class Source {
  failure: unknown
  readonly #input: AsyncIterable<Uint8Array>

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#input = input
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#input
    } catch (error) {
      this.failure = error
      throw error
    }
  }
}

async function send(sent: ClientRequest, asked: object, input: AsyncIterable<Uint8Array>): Promise<void> {
  sent.write(`${JSON.stringify(asked)}\n`)
  await pipeline(input, sent)
}

async function cancel(socketPath: string, run: string): Promise<void> {
  try {
    const socket = await connected(socketPath)
    if (socket) for await (const _ of ask(socket, socketPath, 'job.cancel', { of: run }, {}));
  } catch {
    // The run has ended by itself meanwhile, or the node has.
  }
}

function isBroken(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE'
}

function hasEnded(cause?: unknown): HoldfastError {
  return new HoldfastError(
    'HF_STOPPED',
    'the node that was asked has ended before it had answered; what it had finished is done',
    { kind: 'aborted', cause },
  )
}
