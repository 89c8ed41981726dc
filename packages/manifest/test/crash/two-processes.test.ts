import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { FailpointRegistry, type HoldfastNode } from '@holdfast/core'
import { describe, it } from 'vitest'
import { tempFolder } from './folder.ts'
import { inspect } from './inspect.ts'
import { dataDirOf, nodeIn, rootOf } from './node.ts'

const PROGRAM = fileURLToPath(new URL('owner-life.ts', import.meta.url))
const [KEPT, GOING, LATE] = ['sales/kept.txt', 'sales/going.txt', 'sales/late.txt']

/** A node in a process of its own. */
class Life implements AsyncDisposable {
  readonly #child
  readonly #lines: AsyncIterator<string>
  private constructor(folder: string, stopAt: string) {
    this.#child = spawn(process.execPath, [...process.execArgv, PROGRAM, folder, stopAt], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  static async start(folder: string, stopAt = ''): Promise<Life> {
    const life = new Life(folder, stopAt)
    await life.next()
    return life
  }

  get pid(): number {
    return this.#child.pid!
  }

  say(...words: string[]): void {
    this.#child.stdin.write(`${words.join(' ')}\n`)
  }

  async next(): Promise<unknown> {
    const { value } = await this.#lines.next()
    return JSON.parse(value as string)
  }

  ask(...words: string[]): Promise<unknown> {
    this.say(...words)
    return this.next()
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Resolves when the system has stopped the process. */
  async stopped(): Promise<void> {
    const deadline = Date.now() + 20_000
    const state = () => /\) (\w)/.exec(readFileSync(`/proc/${this.pid}/stat`, 'utf8'))?.[1]
    while (state() !== 'T') {
      if (Date.now() > deadline) throw new Error(`process ${this.pid} was not stopped`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }
}

const nodeAt = (folder: string) => nodeIn(folder, new FailpointRegistry())
const lockOf = (folder: string) => join(dataDirOf(folder), 'lock')
const ownerOf = (folder: string) => readFileSync(join(rootOf(folder), '.holdfast', 'owner.json'), 'utf8')

async function paths({ files }: HoldfastNode): Promise<string[]> {
  const listed: string[] = []
  for await (const { path } of files.list()) listed.push(path)
  return listed
}

/** How the lock of a process that is only stopped comes to name nobody alive. */
const TAKE_OVERS: Record<string, (folder: string) => Promise<void>> = {
  'an operator removed its lock': async (folder) => rmSync(lockOf(folder)),
  'its lock was replaced by a stale one': async (folder) => {
    const gone = spawn(process.execPath, ['-e', ''])
    await once(gone, 'exit')
    const owner = { format: 1, pid: gone.pid, host: hostname(), started: '', incarnation: 'gone' }
    writeFileSync(lockOf(folder), JSON.stringify(owner))
  },
}

describe.concurrent('two processes on one data folder', { timeout: 60_000 }, () => {
  it('[K-15] the second is refused with pid and host of the first, also while that is only stopped, and takes over when it is dead', async ({
    expect,
  }) => {
    await using folder = await tempFolder()
    await using first = await Life.start(folder.path)
    const refusal = { code: 'HF_DATADIR_IN_USE', context: { pid: first.pid, host: hostname() } }
    await expect(nodeAt(folder.path).start()).rejects.toMatchObject(refusal)
    first.signal('SIGSTOP')
    await first.stopped()
    await expect(nodeAt(folder.path).start()).rejects.toMatchObject(refusal)
    first.signal('SIGCONT')
    expect(await first.ask('write', KEPT)).toEqual({ answer: expect.any(String) })
    await first[Symbol.asyncDispose]()
    const second = await nodeAt(folder.path).start()
    expect(await paths(second)).toEqual([KEPT])
    await second.stop()
  })

  for (const [how, takeOver] of Object.entries(TAKE_OVERS))
    it(`[K-15] ${how} while it was stopped: from then on it changes nothing, by no way`, async ({
      expect,
    }) => {
      await using folder = await tempFolder()
      await using first = await Life.start(folder.path)
      await first.ask('write', KEPT)
      first.signal('SIGSTOP')
      await first.stopped()
      await takeOver(folder.path)
      const second = await nodeAt(folder.path).start()
      await second.files.write(GOING, GOING)
      const before = { owner: ownerOf(folder.path), lock: readFileSync(lockOf(folder.path), 'utf8') }
      const { position } = second.service('manifest').head()
      first.signal('SIGCONT')
      expect(await first.ask('gate')).toMatchObject({
        answer: { allowed: false, by: 'manifest', reason: 'authority_lost' },
      })
      for (const command of ['write', 'delete'])
        expect(await first.ask(command, command === 'write' ? LATE : KEPT)).toEqual({
          code: 'HF_DATADIR_TAKEN',
        })
      // Cursors of taps, and the journal in its own environment.
      expect(await first.ask('cursor')).toEqual({ code: 'HF_DATADIR_TAKEN' })
      expect(await first.ask('plan')).toEqual({ code: 'HF_DATADIR_TAKEN' })
      expect(await first.ask('run')).toEqual({ code: 'HF_GATE_DENIED' })
      expect(await first.ask('gate')).toMatchObject({ answer: { allowed: false } })
      expect(await first.ask('stop')).toEqual({ answer: null })
      expect(second.service('manifest').head().position).toEqual(position)
      expect(await paths(second)).toEqual([GOING, KEPT])
      expect({ owner: ownerOf(folder.path), lock: readFileSync(lockOf(folder.path), 'utf8') }).toEqual(before)
      await second.files.write(LATE, LATE)
      await second.stop()
      const { stored, problems } = await inspect(folder.path)
      expect({ stored, problems }).toEqual({ stored: [GOING, KEPT, LATE], problems: [] })
    })

  for (const [at, ask, answers] of [
    ['manifest.commit.before', ['write', LATE], { code: 'HF_DATADIR_TAKEN' }],
    ['eraser.doom.before', ['delete', GOING], { answer: null }],
    ['eraser.delete.before', ['delete', GOING], { answer: null }],
  ] as const)
    it(`[K-15] stopped at ${at} and taken over there, it goes on without effect`, async ({ expect }) => {
      await using folder = await tempFolder()
      await using first = await Life.start(folder.path, at)
      for (const path of [KEPT, GOING]) await first.ask('write', path)
      await first.ask('arm')
      first.say(...ask)
      await first.stopped()
      rmSync(lockOf(folder.path))
      // The successor leaves the bytes where they are: whoever deletes them now is the first.
      const failpoints = new FailpointRegistry()
      failpoints.arm(
        'eraser.delete.before',
        { kind: 'error', error: () => new Error('not now') },
        { times: 1000 },
      )
      const second = await nodeIn(folder.path, failpoints).start()
      const owner = ownerOf(folder.path)
      first.signal('SIGCONT')
      expect(await first.next()).toEqual(answers)
      expect(await first.ask('gate')).toMatchObject({ answer: { allowed: false, reason: 'authority_lost' } })
      await first.ask('drain')
      expect(await first.ask('stop')).toEqual({ answer: null })
      expect(ownerOf(folder.path)).toBe(owner)
      expect(await paths(second)).not.toContain(LATE)
      const stored: string[] = []
      for await (const { keys } of second.service('backend').list()) stored.push(...keys)
      expect(stored.filter((key) => key.startsWith('sales/going'))).toHaveLength(1)
      failpoints.arm('eraser.delete.before', { kind: 'callback', call: () => undefined })
      await second.stop()
      expect((await inspect(folder.path)).problems).toEqual([])
    })

  it('[K-15] stopped when it was about to write the owner record, it leaves that of its successor', async ({
    expect,
  }) => {
    await using folder = await tempFolder()
    await using first = await Life.start(folder.path, 'owner.record.before')
    await first.ask('write', KEPT)
    await first.ask('arm')
    first.say('stop')
    await first.stopped()
    rmSync(lockOf(folder.path))
    const second = await nodeAt(folder.path).start()
    const owner = ownerOf(folder.path)
    first.signal('SIGCONT')
    expect(await first.next()).toEqual({ answer: null })
    expect(ownerOf(folder.path)).toBe(owner)
    await second.stop()
  })
})
