import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { HoldfastError } from '@holdfast/core'
import type { Step } from '../operations/operation.ts'
import type { OperationName } from '../operations/operations.ts'
import { type CallOptions, NO_INPUT, type Session } from './session.ts'
import { decodeError, type Line, linesOf, ROUTE } from './wire.ts'

/** The node that listens on a socket; undefined when none does. */
export async function runningSession(socketPath: string): Promise<Session | undefined> {
  if (!(await answers(socketPath))) return undefined
  return {
    node: 'running',
    call: (name, request, options = {}) => ask(socketPath, name, request, options) as never,
    [Symbol.asyncDispose]: async () => undefined,
  }
}

async function answers(socketPath: string): Promise<boolean> {
  const probe = httpRequest({ socketPath, path: ROUTE, method: 'HEAD' })
  try {
    probe.end()
    const [response] = (await once(probe, 'response')) as [IncomingMessage]
    response.resume()
    return true
  } catch (error) {
    // No file, or one that a killed process has left; any other error is for the user to see.
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK') return false
    throw error
  }
}

async function* ask(
  socketPath: string,
  name: OperationName,
  asked: object,
  { signal, onStep, input = NO_INPUT }: CallOptions,
): AsyncGenerator<unknown, unknown> {
  signal?.throwIfAborted()
  const sent = httpRequest({ socketPath, path: `${ROUTE}${name}`, method: 'POST' })
  // What fails after the answer has begun ends the answer.
  sent.on('error', () => undefined)
  const sending = send(sent, asked, input)
  let run: string | undefined
  const onAbort = () => {
    // A run is told to end, and says what it has done; nothing else has anything to say.
    if (run === undefined) sent.destroy(signal?.reason)
    else void drain(ask(socketPath, 'job.cancel', { of: run }, {}))
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const [response] = (await Promise.race([once(sent, 'response'), failure(sending)])) as [IncomingMessage]
    for await (const text of linesOf(response)) {
      const line = JSON.parse(text) as Line
      if ('item' in line) yield line.item
      else if ('bytes' in line) yield Buffer.from(line.bytes, 'base64')
      else if ('result' in line) return line.result
      else if ('error' in line) throw decodeError(line.error)
      else {
        run = line.step.run ?? run
        onStep?.(line.step as Step)
      }
    }
    throw new HoldfastError('HF_STOPPED', 'the node that was asked has stopped', { kind: 'aborted' })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
    sent.destroy()
  }
}

async function send(sent: ReturnType<typeof httpRequest>, asked: object, input: AsyncIterable<Uint8Array>) {
  sent.write(`${JSON.stringify(asked)}\n`)
  await pipeline(input, sent)
}

/** Rejects with what goes wrong, and never resolves. */
async function failure(sending: Promise<void>): Promise<never> {
  await sending
  return new Promise<never>(() => undefined)
}

async function drain(answered: AsyncGenerator<unknown, unknown>): Promise<void> {
  try {
    for await (const _ of answered);
  } catch {
    // The run has ended by itself meanwhile, or the node has.
  }
}
