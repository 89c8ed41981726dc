import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { answer } from '../src/session/answer.ts'
import { place } from './command/place.ts'

it('[K-17] an answer to somebody who has just gone comes to its end', async () => {
  const at = join(place().root, 'socket')
  const answered = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    // The socket is closed, and nobody has been told yet when the last line is said.
    const gone = () => void request.socket.destroy()
    answered.resolve(answer({} as never, request, response, gone))
  })
  server.listen(at)
  await once(server, 'listening')
  const socket = connect(at).on('error', () => undefined)
  socket.write('POST /v1/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{}\n')
  await expect(answered.promise).resolves.toBeUndefined()
  socket.destroy()
  server.close()
})
