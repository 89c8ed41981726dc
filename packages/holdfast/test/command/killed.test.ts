import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { WITH_JOBS } from './jobs.ts'
import { jsonLines, nodeAt, scene, tempsOf, writing } from './place.ts'
import { begin, PATIENT, type Running, run, started } from './processes.ts'

/** The node dies; who asked it must hear of it, with a code, and must not wait for ever. */
async function killed(node: Running | undefined, client: Running) {
  node?.child.kill('SIGKILL')
  const { code, stderr } = await client.ended
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/^HF_STOPPED: the node that was asked/),
  })
}

describe('a node that is killed while it answers', PATIENT, () => {
  it('[X-11] a put ends with a code, and the next start clears up; its socket is no obstacle', async () => {
    const at = await scene('running', { a: 'x' })
    const put = begin(at.root, ['files', 'put', '-', 'half'])
    put.child.stdin?.write(Buffer.alloc(1_000_000))
    await writing(at.files, [put])
    await killed(at.node, put)
    expect(existsSync(join(at.data, 'command.sock'))).toBe(true)
    const next = await started(at.root)
    expect(jsonLines((await at.hold(['files', 'ls', '--json'])).stdout).map(({ path }) => path)).toEqual([
      'a',
    ])
    expect(tempsOf(at.files)).toEqual([])
    next.child.kill('SIGTERM')
    expect((await next.ended).code).toBe(0)
  })

  it('[B-12] a get ends with a code, and not as if that were all', async () => {
    const at = await scene('running', {})
    await at.hold(['files', 'put', '-', 'big'], { input: Buffer.alloc(40_000_000) })
    const get = begin(at.root, ['files', 'get', 'big'], {}, 'as it comes')
    // Nobody takes more than the first piece: the node still has most of it when it dies.
    await new Promise((resolve) => get.child.stdout?.once('readable', resolve))
    at.node?.child.kill('SIGKILL')
    await at.node?.ended
    get.child.stdout?.resume()
    expect(await get.ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/^HF_STOPPED: /) })
  })

  it('[R-07] a run ends with a code, and shows as aborted with what it had done', async () => {
    const at = await scene('running', {}, WITH_JOBS)
    const asked = ['job', 'run', 'stamp', '--set', 'chunks=10000', '--set', 'pause=20', '--act']
    const client = begin(at.root, asked)
    await expect
      .poll(async () => (await run(at.root, ['job', 'ls', '--json'])).stdout, { timeout: 60_000 })
      .toContain('"running"')
    await killed(at.node, client)
    // In a node of its own now.
    const [shown] = jsonLines<{ runs: object[] }>((await at.hold(['job', 'show', 'stamp', '--json'])).stdout)
    expect(shown?.runs).toMatchObject([{ outcome: { status: 'aborted', reason: 'unknown' } }])
    await using node = await nodeAt(at).start()
    expect(node.service('manifest').check()).toEqual([])
  })
})
