import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { inFlight, WITH_JOBS } from './jobs.ts'
import { jsonLines, nodeAt, place, scene } from './place.ts'
import { begin, PATIENT, type Running, run, started } from './processes.ts'

const MIB = 1024 * 1024
const SIZE = 300 * MIB

describe('large files and long lists beside a running node', PATIENT, () => {
  it('[B-01] 300 MiB go in and out, and neither side holds them', async () => {
    const { root, node } = await scene('running', {})
    const put = begin(root, ['files', 'put', '-', 'large', '--json'])
    const sent = createHash('sha256')
    const whilePut = peaksOf([node as Running, put])
    for (let at = 0; at < SIZE; at += MIB) {
      const part = Buffer.alloc(MIB, at / MIB)
      sent.update(part)
      if (!put.child.stdin?.write(part))
        await new Promise((resolve) => put.child.stdin?.once('drain', resolve))
    }
    put.child.stdin?.end()
    const [entry] = jsonLines((await put.ended).stdout)
    expect(entry).toMatchObject({ size: SIZE, checksum: `sha256:${sent.copy().digest('hex')}` })
    expect(Math.max(...whilePut.stop())).toBeLessThan(150)

    const get = begin(root, ['files', 'get', 'large'], {}, 'as it comes')
    const whileGet = peaksOf([node as Running, get])
    const received = createHash('sha256')
    for await (const part of get.child.stdout as Readable) received.update(part)
    expect((await get.ended).code).toBe(0)
    expect(received.digest('hex')).toBe(sent.digest('hex'))
    expect(Math.max(...whileGet.stop())).toBeLessThan(150)
  })

  it('[M-06] a list that is read slowly is gathered on neither side: what comes later is still in it', async () => {
    const at = place()
    {
      await using node = await nodeAt(at).start()
      const metadata = { note: 'n'.repeat(4000) }
      for (let file = 0; file < 2000; file += 200)
        await Promise.all(
          Array.from({ length: 200 }, (_, one) => node.files.write(`f${file + one}`, 'x', { metadata })),
        )
    }
    await started(at.root)
    const ls = begin(at.root, ['files', 'ls', '--json'], {}, 'as it comes')
    await once(ls.child.stdout as Readable, 'readable')
    // 8 MB of lines, of which nobody takes any for the time that another command takes.
    expect((await run(at.root, ['files', 'put', '-', 'last'], { input: 'x' })).code).toBe(0)
    let text = ''
    for await (const part of ls.child.stdout as Readable) text += part
    expect(jsonLines(text).map(({ path }) => path)).toEqual(expect.arrayContaining(['f0', 'f999', 'last']))
    expect((await ls.ended).code).toBe(0)
  })

  it('[A-06] whoever reads no further ends the command in peace', async () => {
    const { root, hold } = await scene(
      'running',
      Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`f${n}`, 'x'])),
    )
    const ls = begin(root, ['files', 'ls', '--json'])
    ls.child.stdout?.destroy()
    expect(await ls.ended).toMatchObject({ code: 0, stderr: '' })
    expect((await hold(['status'])).code).toBe(0)
  })

  it('[A-06] a delete that nobody reads on about ends early, and not as if it were through', async () => {
    const files = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`raw/f${n}`, 'x']))
    const { root, hold } = await scene('running', files)
    const rm = begin(root, ['files', 'rm', '-r', 'raw', '--act', '--json'])
    rm.child.stdout?.destroy()
    expect(await rm.ended).toMatchObject({ code: 4, stderr: '' })
    expect(jsonLines((await hold(['files', 'ls', '--json'])).stdout)).not.toEqual([])
  })

  it('[R-10] the output of one command that nobody reads ends no run of another that asks its node', async () => {
    const { root, data, hold } = await scene('own', {}, WITH_JOBS)
    const put = begin(root, ['files', 'put', '-', 'a'])
    put.child.stdin?.write('half')
    await expect.poll(() => existsSync(join(data, 'command.sock')), { timeout: 60_000 }).toBe(true)
    const run = begin(root, ['job', 'run', 'stamp', '--set', 'chunks=600', '--set', 'pause=20', '--act'])
    await expect.poll(() => inFlight(hold), { timeout: 60_000 }).toBeDefined()
    put.child.stdout?.destroy()
    put.child.stdin?.end()
    expect(await run.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('took 600 files') })
    expect((await put.ended).code).toBe(0)
  })
})

/** Memory of a process that no file stands behind, MiB. */
function rssOf({ pid }: Running): number {
  try {
    return Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

function peaksOf(processes: readonly Running[]): { stop(): number[] } {
  const peaks = processes.map(rssOf)
  const timer = setInterval(() => {
    for (const [at, one] of processes.entries()) peaks[at] = Math.max(peaks[at] ?? 0, rssOf(one))
  }, 20)
  return {
    stop() {
      clearInterval(timer)
      return peaks
    },
  }
}
