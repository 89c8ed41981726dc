import { once } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WITH_JOBS } from './jobs.ts'
import { digestOf, scene } from './place.ts'
import { PATIENT } from './processes.ts'
import { answerTo, ask, connection } from './socket.ts'

/** A request that each operation takes, and requests that it must not. Nothing of them may be taken for a yes. */
const WRONG: readonly (readonly [operation: string, request: unknown, problem: RegExp])[] = [
  ['status', { act: true }, /"act" is unknown, known are none/],
  ['check', { byte: true }, /"byte" is unknown, did you mean "bytes"\?/],
  ['check', { bytes: 'yes' }, /bytes is 'yes'; it takes true or false/],
  ['files.ls', { limit: 'x' }, /limit is 'x'; it takes a whole number from 0/],
  ['files.ls', { limit: -1 }, /limit is -1/],
  ['files.ls', { prefix: ['a'] }, /prefix is \[ 'a' \]; it takes a text/],
  ['files.stat', {}, /path is missing/],
  ['files.stat', { path: null }, /path is null; it takes a text/],
  ['files.put', { path: 'a', replace: 1 }, /replace is 1; it takes true or false/],
  ['files.put', { path: 'b', metadata: { x: 1 } }, /metadata is .*; it takes an object of texts/],
  ['files.get', { key: 'a' }, /"key" is unknown.*path is missing/],
  ['files.rm', { path: 'a', act: 'yes' }, /act is 'yes'; it takes true or false/],
  ['files.rm', { path: 'a', act: 1 }, /act is 1/],
  ['files.rm', { path: 'a', Act: true }, /"Act" is unknown, did you mean "act"\?/],
  ['files.rm', { path: 'a', act: true, delay: '0' }, /delay is '0'/],
  ['files.undo', {}, /it takes one of path, key, run, replacement/],
  ['files.undo', { path: 'a', run: 'b' }, /it takes one of/],
  ['hold.ls', { id: 'x' }, /"id" is unknown/],
  ['hold.add', { owner: 'x' }, /scope is missing/],
  ['hold.add', { scope: {}, owner: 'x' }, /it takes one of path, folder, key, namespace, run/],
  ['hold.add', { scope: { path: 'a' }, owner: 'x', expiresAt: 'soon' }, /expiresAt is 'soon'/],
  ['hold.rm', { id: 'x', act: 'false' }, /act is 'false'/],
  ['job.ls', { job: 'x' }, /"job" is unknown/],
  ['job.show', { job: 5 }, /job is 5/],
  ['job.plan', { job: 'tidy', request: [] }, /request is \[\]; it takes an object/],
  ['job.planned', {}, /plan is missing/],
  ['job.run', { job: 'tidy' }, /request is missing/],
  ['job.run', { job: 'tidy', request: { act: 'yes' } }, /act is not true or false/],
  ['job.run', { job: 'tidy', act: true, request: {} }, /"act" is unknown/],
  ['job.cancel', {}, /of is missing/],
  ['retention.policies', { x: 1 }, /"x" is unknown/],
  ['retention.set', { policy: 'raw' }, /policy is 'raw'; it takes an object/],
  ['retention.remove', {}, /id is missing/],
  ['retention.simulate', { maxAge: true }, /maxAge is true; it takes a text or a whole number from 0/],
  ['retention.simulate', { policies: 'raw' }, /policies is 'raw'; it takes a list of texts/],
  ['explain', { path: 5 }, /path is 5/],
  ['acknowledge', { actor: 'ada', act: 'yes' }, /act is 'yes'/],
  ['acknowledge', {}, /actor is missing/],
  ['trust-clock', { act: true }, /"act" is unknown/],
  ['retry', { act: true }, /"act" is unknown/],
]

describe('the socket of a running node', PATIENT, () => {
  it('[A-06] requests of the wrong shape are refused with every problem, and never taken for a yes', async () => {
    const at = await scene('running', { a: 'x', 'drafts/b': 'y' }, WITH_JOBS)
    const before = await digestOf(at)
    for (const [operation, request, problem] of WRONG) {
      const { error } = await answerTo(at, operation, request)
      expect({ operation, request, ...error }).toMatchObject({
        code: 'HF_REQUEST_INVALID',
        message: expect.stringMatching(problem),
      })
    }
    expect(await digestOf(at)).toBe(before)
  })

  it('[A-06] no request whatever makes a node fail, and without a true act none changes it', async () => {
    const at = await scene('running', { a: 'x', 'drafts/b': 'y' }, WITH_JOBS)
    const before = await digestOf(at)
    const names = [
      'path',
      'prefix',
      'limit',
      'recursive',
      'delay',
      'job',
      'request',
      'id',
      'of',
      'key',
      '__proto__',
    ]
    const value = fc.oneof(
      fc.constantFrom('a', 'drafts', 'tidy', '', {}, { act: 'true' }, { act: 1 }),
      fc.jsonValue(),
    )
    const operations = [
      'files.ls',
      'files.rm',
      'files.stat',
      'hold.rm',
      'job.plan',
      'job.run',
      'job.cancel',
      'explain',
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...operations),
        fc.dictionary(fc.constantFrom(...names, 'act'), value),
        async (operation, { act, ...request }) => {
          const { result, error } = await answerTo(
            at,
            operation,
            act === true ? request : { ...request, act },
          )
          expect(result !== undefined || error?.code !== undefined).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
    expect(await digestOf(at)).toBe(before)
  })

  it('[A-06] what is no request at all gets a coded error, and the next one its answer', async () => {
    const at = await scene('running', {})
    const code = async (...asked: Parameters<typeof ask>) => {
      const { error } = (await ask(...asked)).at(-1) as { error: { code: string } }
      return error.code
    }
    expect(await code(at, 'files.ls', '')).toBe('HF_REQUEST_INVALID')
    expect(await code(at, 'files.ls', '{}')).toBe('HF_REQUEST_INVALID')
    expect(await code(at, 'files.ls', 'x\n')).toBe('HF_REQUEST_INVALID')
    expect(await code(at, 'files.ls', '[]\n')).toBe('HF_REQUEST_INVALID')
    expect(await code(at, 'files.ls', 'null\n')).toBe('HF_REQUEST_INVALID')
    expect(await code(at, 'files.ls', Buffer.alloc(2_000_000, 'x'))).toBe('HF_REQUEST_INVALID')
    expect(await code(at, 'toString', '{}\n')).toBe('HF_REQUEST_INVALID')
    expect(await code(at, 'files.ls', '{}\n', { method: 'PUT' })).toBe('HF_REQUEST_INVALID')
    expect(await code(at, 'files.ls', '{}\n', { route: '/v2/' })).toBe('HF_REQUEST_INVALID')
    const garbage = await connection(at)
    garbage.write(Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 256)))
    await once(garbage.resume(), 'close')
    expect(await ask(at, 'files.ls', '{}\n')).toEqual([{ result: { files: 0, bytes: 0, cut: false } }])
  })

  it('[A-06] who is answered before all is sent reads the answer, and may send the rest', async () => {
    const at = await scene('running', { a: 'old' })
    const socket = await connection(at)
    let said = ''
    socket.setEncoding('utf8').on('data', (text) => {
      said += text
    })
    const chunk = (text: string) => socket.write(`${text.length.toString(16)}\r\n${text}\r\n`)
    socket.write(
      'POST /v1/files.put HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n',
    )
    chunk('{"path":"a"}\n')
    await expect.poll(() => said).toContain('HF_PATH_EXISTS')
    const ended = once(socket, 'close')
    const END = '\r\n0\r\n\r\n'
    // The node has taken what was sent, and done what it does about it, when it has answered another request.
    const staysOpen = async () => {
      await ask(at, 'files.ls', '{}\n')
      expect(said).not.toContain(END)
      expect(socket.readyState).toBe('open')
    }
    await staysOpen()
    chunk('new')
    await staysOpen()
    socket.write('0\r\n\r\n')
    expect(await ended).toEqual([false])
    expect(said).toContain(END)
  })

  it('[K-17] callers that say nothing, or half of it, do not hold the stop back', async () => {
    const at = await scene('running', {})
    await connection(at)
    ;(await connection(at)).write('POST /v1/files.ls HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"pre')
    // Answered, and never through with what it has to say.
    const answered = await connection(at)
    answered.write('POST /v1/files.ls HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{}\n')
    await once(answered, 'data')
    const from = performance.now()
    at.node?.child.kill('SIGTERM')
    expect((await at.node?.ended)?.code).toBe(0)
    expect(performance.now() - from).toBeLessThan(15_000)
  })
})
