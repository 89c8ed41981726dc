import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { jsonLines, type Place } from './place.ts'

export const socketOf = ({ data }: Pick<Place, 'data'>) => join(data, 'command.sock')

interface Asked {
  readonly method?: string
  /** What stands before the name of the operation. */
  readonly route?: string
}

/** The lines that a node answers with, to a body that anybody might send. */
export async function ask(
  place: Place,
  operation: string,
  body: string | Buffer,
  { method = 'POST', route = '/v1/' }: Asked = {},
): Promise<Record<string, unknown>[]> {
  const sent = request({ socketPath: socketOf(place), path: `${route}${operation}`, method, agent: false })
  // An answer that comes before all was sent ends the sending.
  sent.on('error', () => undefined)
  sent.end(body)
  const [response] = await once(sent, 'response')
  let text = ''
  for await (const part of response) text += part
  return jsonLines(text)
}

/** What the node says to one request, as one object. */
export async function answerTo(place: Place, operation: string, asked: unknown) {
  return (await ask(place, operation, `${JSON.stringify(asked)}\n`)).at(-1) as {
    readonly result?: unknown
    readonly error?: { readonly code?: string; readonly message: string }
  }
}

/** A connection that says nothing, or whatever the test writes to it. */
export async function connection(place: Place): Promise<Socket> {
  const socket = connect(socketOf(place))
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}
