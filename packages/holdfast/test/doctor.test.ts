import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createNode } from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import fc from 'fast-check'
import { standalone } from 'holdfast'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Finding } from '../src/doctor/finding.ts'
import { roomFinding } from '../src/doctor/folder.ts'
import { deadMount } from './dead-mount.ts'
import { commandOf, project } from './packages.ts'
import { holdfast } from './run-command.ts'

/** A user's folder with a config file; `data` and `files` lie beside it. */
function place(
  settings: object = {},
  plugins: readonly unknown[] = ['backend-local', 'manifest', 'retention'],
  finished = onTestFinished,
) {
  const root = project({}, finished)
  const config = {
    'backend-local': { root: join(root, 'files') },
    manifest: { dataDir: join(root, 'data'), reserve: 0 },
    ...settings,
  }
  writeFileSync(join(root, 'holdfast.config.json'), JSON.stringify({ plugins, config }))
  return root
}

/** The same after a node has kept a file there, and stopped. */
async function lived(at?: number, finished = onTestFinished): Promise<string> {
  const root = place({}, undefined, finished)
  await live(root, at)
  return root
}

async function live(root: string, at = Date.now()): Promise<void> {
  const node = await createNode({
    plugins: standalone({ dataDir: join(root, 'data'), root: join(root, 'files'), reserve: 0 }),
    clock: new FakeClock(at),
    log: 'silent',
  }).start()
  await node.files.write(`a/${process.hrtime.bigint()}`, 'x')
  await node.stop()
}

let examining: ChildProcess | undefined
afterAll(() => examining?.disconnect())

/** What the doctor finds, in a process where Node loads config files and plugins. */
async function examine(configFile: string): Promise<readonly Finding[]> {
  examining ??= fork(join(import.meta.dirname, 'examine.ts'), { execArgv: ['--conditions=holdfast-source'] })
  examining.send(configFile)
  const [findings] = await once(examining, 'message')
  return findings as readonly Finding[]
}

/** What is not well, by check. */
async function ills(configFile: string): Promise<readonly string[]> {
  const findings = await examine(configFile)
  return findings.filter(({ state }) => state !== 'ok').map(({ check, state }) => `${check} ${state}`)
}

const of = (findings: readonly Finding[], check: Finding['check']) =>
  findings.filter((finding) => finding.check === check)

/** Everything that a look could change: kind, size, times, bytes. */
function tree(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .concat('.')
    .sort()
    .map((name) => {
      const path = join(folder, name)
      const found = lstatSync(path, { bigint: true })
      const sum = found.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : ''
      return [name, found.mode, found.size, found.mtimeNs, found.ctimeNs, found.ino, sum].join(' ')
    })
}

describe('holdfast doctor', () => {
  it('[A-07] finds all well where no node has been yet, makes nothing, and ends with 0', async () => {
    const root = project({})
    await holdfast(root, ['init'])
    const before = tree(root)
    const { code, out, err } = await holdfast(root, ['doctor'])
    expect(err).toBe('')
    expect(out).toMatch(/^ok {7}node: Node 2\d/)
    expect(out).toMatch(/\n(\d+ warnings?, )?\d+ ok\n$/)
    expect(code).toBe(0)
    expect(tree(root)).toEqual(before)
  })

  it('[A-07] with --json gives a line for each finding, and changes nothing where a node has lived', async () => {
    const root = await lived()
    const before = tree(root)
    const { code, out } = await holdfast(root, ['doctor', '--json'])
    const findings = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Finding)
    expect(code).toBe(0)
    expect(tree(root)).toEqual(before)
    for (const finding of findings) {
      expect(Object.keys(finding).slice(0, 3)).toEqual(['check', 'state', 'message'])
      expect('cure' in finding).toBe(finding.state !== 'ok')
    }
    expect([...new Set(findings.map(({ check }) => check))]).toEqual([
      'node',
      'platform',
      'open-files',
      'config',
      'plugin',
      'data-folder',
      'data-file-system',
      'data-room',
      'lock',
      'last-stop',
      'node-id',
      'manifest',
      'store-folder',
      'store-file-system',
      'store-room',
      'identity',
      'owner',
      'clock',
    ])
    expect(of(findings, 'plugin').map(({ message }) => message)).toEqual([
      'backend-local: @holdfast/backend-local 0.1.0, api 1.0',
      'manifest: @holdfast/manifest 0.1.0, api 1.0',
      'retention: @holdfast/plugin-retention 0.1.0, api 1.0',
    ])
  })

  it('[A-06] names every problem of the config file and the plugins, each with a cure, and ends with 1', async () => {
    const wrong = place({ manifest: { dataDir: 'data', lowWatr: 1 }, retention: { schedule: 'daily' } })
    expect(of(await examine(wrong), 'plugin').map(({ message }) => message)).toEqual([
      expect.stringMatching(/lowWatr.*lowWater/),
      expect.stringMatching(/schedule/),
    ])
    expect(await ills(place({}, ['backend-local', '@acme/nowhere', '@acme/neither']))).toEqual([
      'plugin failed',
      'plugin failed',
    ])
    expect(await ills(project({}))).toEqual(['config failed'])
    expect(await ills(project({ 'holdfast.config.json': '{' }))).toEqual(['config failed'])
    expect((await holdfast(project({ 'holdfast.config.json': { plugin: [] } }), ['doctor'])).code).toBe(1)
  })

  it('[A-06] finds a file in the place of a folder, or of one above it', async () => {
    const root = place()
    writeFileSync(join(root, 'data'), '')
    writeFileSync(join(root, 'files'), '')
    expect(await ills(root)).toEqual(expect.arrayContaining(['data-folder failed', 'store-folder failed']))
    const deep = place({ 'backend-local': { root: join(root, 'files', 'deep') } })
    expect(await ills(deep)).toContain('store-folder failed')
  })

  it('[A-06] finds folders that this user may not write', async () => {
    const root = await lived()
    for (const folder of [root, join(root, 'data'), join(root, 'files')]) chmodSync(folder, 0o555)
    onTestFinished(() => {
      for (const folder of [root, join(root, 'data'), join(root, 'files')]) chmodSync(folder, 0o755)
    })
    // Root may write everywhere, so it is somebody else who looks.
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
    const { code, out } = await holdfast(root, ['doctor', '--json'], nobody)
    const findings = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Finding)
    expect(code).toBe(1)
    expect(of(findings, 'data-folder')).toEqual([
      expect.objectContaining({
        state: 'failed',
        message: expect.stringContaining('EACCES'),
        cure: expect.stringContaining('read and write'),
      }),
    ])
    expect(of(findings, 'store-folder')).toEqual([expect.objectContaining({ state: 'failed' })])
  })

  it('[A-06] warns of a folder that is gone with the next boot', async () => {
    const memory = mkdtempSync('/dev/shm/holdfast-')
    onTestFinished(() => rmSync(memory, { recursive: true }))
    const root = place({ manifest: { dataDir: join(memory, 'data'), lowWater: 0 } })
    expect(await ills(root)).toContain('data-file-system warning')
  })

  it('[M-19] fails below the low-water mark of the manifest, and without inodes', async () => {
    const root = place({ manifest: { dataDir: 'data', lowWater: 2 ** 52 } })
    const [room] = of(await examine(root), 'data-room')
    expect(room).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('nothing new is written'),
    })
    const enough = { free: 5e9, all: 1e10, inodes: 1000, allInodes: 2000, lowWater: 1e6 }
    const state = (change: Partial<typeof enough>) => roomFinding('data-room', { ...enough, ...change }).state
    expect(state({})).toBe('ok')
    expect(state({ inodes: 0 })).toBe('failed')
    expect(state({ inodes: 1 })).toBe('warning')
    expect(state({ inodes: 0, allInodes: 0 })).toBe('ok')
    expect(state({ free: 1e8 })).toBe('warning')
    expect(state({ free: 0, lowWater: 0 })).toBe('failed')
  })

  it('[K-15] finds what a killed process has left, which the next start mends by itself', async () => {
    const root = place()
    const node = await start(root)
    node.kill('SIGKILL')
    await once(node, 'close')
    const before = tree(root)
    const findings = await examine(root)
    expect(of(findings, 'lock')[0]).toMatchObject({
      state: 'ok',
      message: expect.stringContaining(`process ${node.pid}`),
    })
    expect(of(findings, 'last-stop')[0]).toMatchObject({ state: 'warning' })
    expect(findings.filter(({ state }) => state === 'failed')).toEqual([])
    expect(tree(root)).toEqual(before)
  })

  it('[A-02] asks a node that runs, and reads nothing that it owns', async () => {
    const root = place({ retention: { policies: [{ id: 'all', match: '**', maxAge: '1d' }] } })
    const node = await start(root)
    const findings = await examine(root)
    expect(of(findings, 'running')[0]?.message).toContain(`runs as process ${node.pid}`)
    expect(of(findings, 'job')).toContainEqual({
      check: 'job',
      state: 'ok',
      message: 'retention may run; only when it is asked to',
    })
    expect(of(findings, 'lock')).toEqual([])
    expect(of(findings, 'manifest')).toEqual([])
    rmSync(join(root, 'files', '.holdfast', 'store.json'))
    expect(of(await examine(root), 'job')).toContainEqual(
      expect.objectContaining({
        state: 'failed',
        message: expect.stringMatching(/^retention may not run: .*identity record/),
      }),
    )
  })

  it('[G-06] finds a clock that is before the newest record, or long after it', async () => {
    const hour = 3_600_000
    const [early] = of(await examine(await lived(Date.now() + hour)), 'clock')
    expect(early).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('before the newest record'),
    })
    const [late] = of(await examine(await lived(Date.now() - 30 * 24 * hour)), 'clock')
    expect(late).toMatchObject({
      state: 'warning',
      message: expect.stringContaining('the newest record is 30d'),
    })
  })

  it("[B-10] finds another's store, one that has lost its records, and a manifest that was put back", async () => {
    const root = await lived()
    const copy = join(root, 'copy')
    cpSync(join(root, 'data'), copy, { recursive: true })
    await live(root)
    rmSync(join(root, 'data'), { recursive: true })
    cpSync(copy, join(root, 'data'), { recursive: true })
    expect(await ills(root)).toEqual(['owner failed'])
    rmSync(join(root, 'files', '.holdfast', 'store.json'))
    expect(await ills(root)).toEqual(['identity failed'])
    const other = await lived()
    rmSync(join(root, 'files'), { recursive: true })
    cpSync(join(other, 'files'), join(root, 'files'), { recursive: true })
    expect(await ills(root)).toEqual(['identity failed'])
    writeFileSync(join(root, 'files', '.holdfast', 'store.json'), 'rubbish')
    expect(await ills(root)).toEqual(['identity failed'])
  })

  it('[A-06] takes something else that listens in the place of the node for no node', async () => {
    const root = await lived()
    const server = createServer((socket) => socket.end('rubbish\n')).listen(
      join(root, 'data', 'command.sock'),
    )
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    expect(await ills(root)).toContain('running failed')
  })

  const FILES = [
    'holdfast.config.json',
    'data/lock',
    'data/node.json',
    'data/last-stop.json',
    'data/command.sock',
    'data/manifest/data.mdb',
    'files/.holdfast/store.json',
    'files/.holdfast/owner.json',
  ] as const
  const part = fc.double({ min: 0, max: 1, noNaN: true })
  const damage = fc.oneof(
    fc.record({ kind: fc.constant('bytes' as const), bytes: fc.uint8Array({ maxLength: 9000 }) }),
    fc.record({ kind: fc.constantFrom('cut' as const, 'flip' as const), part }),
    fc.record({ kind: fc.constantFrom('folder' as const, 'loop' as const, 'pipe' as const) }),
  )
  const damages = fc.uniqueArray(fc.tuple(fc.constantFrom(...FILES), damage), {
    minLength: 1,
    maxLength: 4,
    selector: ([name]) => name,
  })

  it('[X-09] survives whatever lies in the place of its files, and leaves it there', {
    timeout: 300_000,
  }, async () => {
    const sound = await lived()
    writeFileSync(join(sound, 'data', 'lock'), '{"format":2}\n')
    writeFileSync(join(sound, 'data', 'command.sock'), '')
    await fc.assert(
      fc.asyncProperty(damages, async (some) => {
        const root = mkdtempSync(join(tmpdir(), 'holdfast-garbage-'))
        try {
          cpSync(sound, root, { recursive: true })
          const text = readFileSync(join(sound, 'holdfast.config.json'), 'utf8')
          writeFileSync(join(root, 'holdfast.config.json'), text.replaceAll(sound, root))
          for (const [name, how] of some) spoil(join(root, name), how)
          const before = tree(root)
          const findings = await examine(join(root, 'holdfast.config.json'))
          expect(findings.length).toBeGreaterThan(3)
          for (const finding of findings) expect(finding.state === 'ok' || finding.cure !== '').toBe(true)
          expect(tree(root)).toEqual(before)
        } finally {
          rmSync(root, { recursive: true, force: true })
        }
      }),
      { numRuns: 25, endOnFailure: true },
    )
  })
})

type Damage =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'cut' | 'flip'; readonly part: number }
  | { readonly kind: 'folder' | 'loop' | 'pipe' }

function spoil(path: string, how: Damage): void {
  const bytes = readFileSync(path)
  if (how.kind === 'bytes') writeFileSync(path, how.bytes)
  else if (how.kind === 'cut') truncateSync(path, Math.floor(bytes.length * how.part))
  else if (how.kind === 'flip') {
    const at = Math.floor(Math.max(0, bytes.length - 1) * how.part)
    if (bytes.length > 0) bytes[at] = (bytes[at] as number) ^ 0x55
    writeFileSync(path, bytes)
  } else {
    rmSync(path)
    if (how.kind === 'folder') mkdirSync(path)
    else if (how.kind === 'loop') symlinkSync(path, path)
    else execFileSync('mkfifo', [path])
  }
}

describe.concurrent('holdfast doctor, of what never answers', { timeout: 90_000 }, () => {
  it('[A-02] a node: it is given up', async ({ expect, onTestFinished }) => {
    const root = place({}, undefined, onTestFinished)
    const node = await start(root, onTestFinished)
    node.kill('SIGSTOP')
    const findings = await examine(root)
    node.kill('SIGCONT')
    expect(of(findings, 'running')[0]).toMatchObject({
      state: 'failed',
      cure: expect.stringContaining('hangs'),
    })
    expect(of(findings, 'lock')[0]).toMatchObject({
      state: 'warning',
      message: expect.stringContaining(`${node.pid}`),
    })
  })

  it('[A-06] a config file, which keeps the process alive: it ends all the same', async ({
    expect,
    onTestFinished,
  }) => {
    const hangs = project(
      { 'holdfast.config.mts': 'setInterval(() => {}, 1000); await new Promise(() => {})' },
      onTestFinished,
    )
    const { code, out } = await holdfast(hangs, ['doctor'])
    expect(code).toBe(1)
    expect(out).toContain('failed   config: looking took longer than 10 s')
  })

  it('[A-06] a config file that holds the process itself, or ends it: it ends', async ({
    expect,
    onTestFinished,
  }) => {
    const holds = project(
      {
        'holdfast.config.mts': `import { readFileSync } from 'node:fs'; readFileSync(import.meta.dirname + '/pipe')`,
      },
      onTestFinished,
    )
    execFileSync('mkfifo', [join(holds, 'pipe')])
    const ends = project({ 'holdfast.config.mts': 'process.exit(0)' }, onTestFinished)
    const [held, ended] = await Promise.all([holds, ends].map((root) => holdfast(root, ['doctor'])))
    expect(held).toMatchObject({ code: 1, out: expect.stringContaining('config: looking took longer than') })
    expect(ended).toMatchObject({ code: 1, out: expect.stringMatching(/failed {3}config: .* has ended/) })
  })

  it('[A-06] a config file that holds the process itself: what looks ends with the command', async ({
    expect,
    onTestFinished,
  }) => {
    const holds = project(
      {
        'holdfast.config.mts': `import { readFileSync, writeSync } from 'node:fs'
          writeSync(1, process.pid + ' looks')
          readFileSync(import.meta.dirname + '/pipe')`,
      },
      onTestFinished,
    )
    execFileSync('mkfifo', [join(holds, 'pipe')])
    const args = ['--conditions=holdfast-source', commandOf('holdfast'), 'doctor']
    const doctor = spawn(process.execPath, args, { cwd: holds, stdio: ['ignore', 'ignore', 'pipe'] })
    const ended = once(doctor, 'close')
    let said = ''
    doctor.stderr.setEncoding('utf8').on('data', (text) => {
      said += text
    })
    await expect.poll(() => said, { timeout: 30_000 }).toMatch(/\d+ looks/)
    doctor.kill('SIGTERM')
    expect(await ended).toEqual([null, 'SIGTERM'])
    const looks = Number.parseInt(said, 10)
    onTestFinished(() => killIfThere(looks))
    await expect.poll(() => isAlive(looks)).toBe(false)
  })

  it('[A-06] a file system, to any call: it goes on until then, and ends', async ({
    expect,
    onTestFinished,
  }) => {
    const root = place({}, undefined, onTestFinished)
    rmSync(join(root, 'holdfast.config.json'))
    // As many as Node has threads for.
    writeFileSync(
      join(root, 'holdfast.config.mts'),
      `import { open } from 'node:fs/promises'
       for (let call = 0; call < 4; call++) void open(import.meta.dirname + '/pipe')
       export default {
         plugins: ['backend-local', 'manifest'],
         config: { 'backend-local': { root: './files' }, manifest: { dataDir: './data' } },
       }`,
    )
    execFileSync('mkfifo', [join(root, 'pipe')])
    const { code, out } = await holdfast(root, ['doctor'])
    expect(code).toBe(1)
    expect(out).toMatch(
      /failed {3}data-folder: .*\/data has not answered within 5 s\n +cure: .+\nfailed {3}store-folder: .*\/files has not answered within 5 s\n +cure: .+\nok {7}clock: /,
    )
  })

  it('[A-06] a mount: it looks at all that does answer', async (context) => {
    const { expect } = context
    const dead = deadMount(context)
    const root = await lived(undefined, context.onTestFinished)
    const config = join(root, 'holdfast.config.json')
    const text = readFileSync(config, 'utf8')
    const doctorOf = async (folder: 'data' | 'files') => {
      writeFileSync(config, text.replace(join(root, folder), join(dead, folder)))
      const { code, out } = await holdfast(root, ['doctor', '--json'])
      expect(code).toBe(1)
      return out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Finding)
        .filter(({ check }) => !['node', 'platform', 'open-files', 'config', 'plugin'].includes(check))
        .map(({ check, state }) => `${check} ${state}`)
    }
    expect(await doctorOf('files')).toEqual([
      'data-folder ok',
      'data-file-system ok',
      'data-room ok',
      'lock ok',
      'last-stop ok',
      'node-id ok',
      'manifest ok',
      'store-folder failed',
      'clock ok',
    ])
    expect(await doctorOf('data')).toEqual([
      'data-folder failed',
      'store-folder ok',
      'store-file-system ok',
      'store-room ok',
      'clock ok',
    ])
  })
})

/** One that has ended may still be listed, until whoever has it for a child asks. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

function killIfThere(pid: number): void {
  if (isAlive(pid)) process.kill(pid, 'SIGKILL')
}

/** `holdfast start`, until it has said that it runs. It ends with the test. */
async function start(root: string, finished = onTestFinished): Promise<ChildProcess> {
  const args = ['--conditions=holdfast-source', commandOf('holdfast'), 'start']
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const end = once(child, 'close')
  finished(async () => {
    child.kill('SIGKILL')
    await end
  })
  const ended = end.then(() => {
    throw new Error('it ended before it ran')
  })
  await Promise.race([once(child.stdout, 'data'), ended, wait(60_000, undefined, { ref: false })])
  return child
}
