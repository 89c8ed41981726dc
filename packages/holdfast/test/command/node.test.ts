import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { JOBS } from './jobs.ts'
import { BESIDE, digestOf, jsonLines, nodeAt, place, scene, seed, writing } from './place.ts'
import { begin, PATIENT, run, started } from './processes.ts'

const STATUS = ['behind', 'eraser', 'files', 'jobs', 'manifest', 'node', 'pid', 'plugins', 'running']

describe.each(BESIDE)('holdfast, a node that is %s', PATIENT, (beside) => {
  it('[A-02] status says how the node stands, and that of every job', async () => {
    const { hold, node } = await scene(beside)
    const human = (await hold(['status'])).stdout.split('\n')
    expect(human.map((line) => line.slice(0, 10).trim())).toEqual([
      ...['node', 'plugins', 'files', 'manifest', 'to erase', '', 'JOB', 'retention', 'retention-', ''],
    ])
    expect(human[0]).toContain(node ? `runs as process ${node.pid}` : 'does not run')
    expect(human[2]).toBe('files     3 files, 24 B, 0 rows in 2 namespaces')
    const [status] = jsonLines((await hold(['status', '--json'])).stdout)
    expect(Object.keys(status as object).sort()).toEqual(STATUS)
    expect(status).toMatchObject({ running: node !== undefined, ...(node && { pid: node.pid }) })
    expect(Object.keys(status?.files as object).sort()).toEqual([
      'bytes',
      'files',
      'largest',
      'namespaces',
      'rows',
    ])
  })

  it('[M-05] check finds missing bytes, a wrong size and, with --bytes, a flipped byte', async () => {
    const at = await scene(beside, { a: 'first', b: 'second', c: 'third' })
    expect(await at.hold(['check'])).toMatchObject({
      code: 0,
      stdout: 'all is well: 3 files, 16 B looked at\n',
    })
    const before = await digestOf(at)
    const keys = jsonLines((await at.hold(['files', 'ls', '--json'])).stdout).map(({ key }) => key as string)
    const [a, b, c] = keys.map((key) => join(at.files, key)) as [string, string, string]
    writeFileSync(c, 'thirf')
    expect((await at.hold(['check'])).code).toBe(0)
    rmSync(a)
    writeFileSync(b, 'sec')
    const found = await at.hold(['check', '--bytes', '--json'])
    expect(found.code).toBe(1)
    const findings = jsonLines(found.stdout)
    expect(findings.map(({ path, problem }) => [path, problem])).toEqual([
      ['a', 'missing'],
      ['b', 'corrupt'],
      ['c', 'corrupt'],
    ])
    expect(Object.keys(findings[0] as object).sort()).toEqual(['message', 'path', 'problem'])
    const looked = await at.hold(['check', '--prefix', 'b'])
    expect(looked).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('it has 3 bytes, and 6 are listed'),
    })
    expect((await digestOf(at)).split(' ')[0]).toBe(before.split(' ')[0])
  })
})

describe('holdfast config', PATIENT, () => {
  it('[K-10] show and docs mask secrets, and say where each value came from', async () => {
    const { root } = place({
      plugins: ['acme-jobs'],
      beside: JOBS,
      config: { 'acme-jobs': { token: 'hunter2hunter2' } },
    })
    const env = { HOLDFAST_MANIFEST_ERASE_DELAY: '2h' }
    const shown = await run(root, ['config', 'show', '--set'], { env })
    expect(shown).toMatchObject({ code: 0, stderr: '' })
    expect(shown.stdout).toMatch(/^acme-jobs\.token +\(secret\) +"acme-jobs.token" in the file/m)
    expect(shown.stdout).toMatch(/^manifest\.eraseDelay +2h +HOLDFAST_MANIFEST_ERASE_DELAY/m)
    const json = await run(root, ['config', 'show', '--json'])
    const docs = await run(root, ['config', 'docs'])
    const entries = jsonLines(json.stdout)
    const token = entries.find(({ knob }) => knob === 'token')
    expect(Object.keys(token as object).sort()).toEqual([
      'about',
      'from',
      'knob',
      'plugin',
      'shown',
      'source',
      'value',
    ])
    expect(docs.stdout).toMatch(/^manifest\.eraseDelay\n {2}\S/m)
    expect(shown.stdout + json.stdout + docs.stdout).not.toContain('hunter2')
  })

  it('[A-06] a config file that is missing or wrong ends every command with its code', async () => {
    const { root } = place({ manifest: { dataDirr: './x' } })
    for (const args of [['status'], ['start'], ['config', 'show']])
      expect(await run(root, args)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^HF_ASSEMBLY_INVALID.*[\s\S]*did you mean "dataDir"/),
      })
    expect(await run(root, ['status', '-c', 'none'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^HF_CONFIG_INVALID/),
    })
  })
})

describe('who owns the data folder', PATIENT, () => {
  it('[K-15] a process that cannot be asked is named, and its writes go on', async () => {
    const at = place()
    await seed(at, { a: 'x' })
    await using node = await nodeAt(at).start()
    const more = Promise.withResolvers<void>()
    const writing = node.files.write(
      'b',
      (async function* () {
        yield Buffer.from('one')
        await more.promise
        yield Buffer.from('two')
      })(),
    )
    // Each of them waits for a while.
    const commands = [['files', 'ls'], ['files', 'rm', 'a', '--act'], ['start']]
    for (const ended of await Promise.all(commands.map((args) => run(at.root, args))))
      expect(ended).toMatchObject({
        code: 3,
        stdout: '',
        stderr: expect.stringMatching(new RegExp(`^HF_DATADIR_IN_USE: process ${process.pid} on `, 'm')),
      })
    more.resolve()
    expect((await writing).size).toBe(6)
    expect(await node.files.stat('a')).toBeDefined()
  })

  it('[K-15] a node that does not answer is waited for, and the command says so', async () => {
    const at = await scene('running', { a: 'x' })
    const pid = at.node?.pid as number
    process.kill(pid, 'SIGSTOP')
    const asked = begin(at.root, ['files', 'ls'])
    await asked.said('does not answer')
    process.kill(pid, 'SIGCONT')
    expect(await asked.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('a') })
  })

  it('[A-07] with --json standard error has no notes', async () => {
    const at = place()
    await seed(at, { a: 'x' })
    const first = begin(at.root, ['files', 'put', '-', 'b', '--json'])
    first.child.stdin?.write('half')
    await writing(at.files, [first])
    const second = begin(at.root, ['files', 'put', '-', 'c', '--json'])
    second.child.stdin?.write('half')
    await writing(at.files, [first, second])
    first.child.stdin?.end()
    await first.said('"path":"b"')
    // It waits for the second, which it says without --json; so does the second of its end.
    second.child.kill('SIGINT')
    expect(await second.ended).toMatchObject({ code: 130, stdout: '', stderr: '' })
    expect(await first.ended).toMatchObject({ code: 0, stderr: '' })
  })

  it('[K-15] of two that start at once one runs, and the other is refused', async () => {
    const { root } = place()
    const nodes = [begin(root, ['start']), begin(root, ['start'])]
    const first = await Promise.race(nodes.map((node) => node.said('Ctrl-C ends it').then(() => node)))
    const second = nodes.find((node) => node !== first)
    expect(await second?.ended).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(`process ${first.pid} on`),
    })
    const [status] = jsonLines((await run(root, ['status', '--json'])).stdout)
    expect(status).toMatchObject({ running: true, pid: first.pid })
    first.child.kill('SIGINT')
    expect((await first.ended).code).toBe(0)
  })

  it('[K-15] commands that come at once all get their answers', async () => {
    const at = place()
    await seed(at, { a: 'x' })
    const all = await Promise.all([
      ...[1, 2, 3].map((name) => run(at.root, ['files', 'put', '-', `p${name}`], { input: 'y' })),
      run(at.root, ['files', 'get', 'a']),
      run(at.root, ['check', '--bytes']),
      run(at.root, ['status']),
    ])
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0])
    expect(all[3]?.stdout).toBe('x')
    expect(jsonLines((await run(at.root, ['files', 'ls', '--json'])).stdout)).toHaveLength(4)
  })

  it('[K-15] a command that is through stays for those who ask its node, and lets others in meanwhile', async () => {
    const at = place()
    await seed(at, { a: 'x' })
    const first = begin(at.root, ['files', 'put', '-', 'b'])
    first.child.stdin?.write('half')
    await writing(at.files, [first])
    const second = begin(at.root, ['files', 'put', '-', 'c'])
    second.child.stdin?.write('half')
    await writing(at.files, [first, second])
    first.child.stdin?.end()
    await first.said('others ask this node')
    const third = await run(at.root, ['files', 'get', 'a'])
    expect(third).toMatchObject({ code: 0, stdout: 'x' })
    second.child.stdin?.end()
    expect([(await second.ended).code, (await first.ended).code]).toEqual([0, 0])
    expect(jsonLines((await run(at.root, ['files', 'ls', '--json'])).stdout)).toHaveLength(3)
  })

  it('[K-15] a data folder whose name is too long for a socket has a node that says so, and is not shared', async () => {
    const { root } = place({ manifest: { dataDir: `./${'d'.repeat(120)}` } })
    const node = await started(root)
    await node.said(`process ${node.pid}, and hears no other command`)
    expect(await run(root, ['status'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(`process ${node.pid} on`),
    })
  })

  it('[K-15] a node that is started while a command is at work waits until that is through', async () => {
    const at = place()
    await seed(at, { a: 'x' })
    const put = begin(at.root, ['files', 'put', '-', 'b'])
    put.child.stdin?.write('half')
    await expect.poll(() => existsSync(join(at.data, 'command.sock')), { timeout: 30_000 }).toBe(true)
    const node = begin(at.root, ['start'])
    await node.said(`waiting for process ${put.pid}`)
    put.child.stdin?.end()
    await node.said('Ctrl-C ends it')
    expect((await put.ended).code).toBe(0)
    expect(jsonLines((await run(at.root, ['files', 'ls', '--json'])).stdout)).toHaveLength(2)
  })

  it('[K-17] SIGTERM ends a node with 0 and leaves no socket and no lock', async () => {
    const { root, data } = place()
    const node = await started(root)
    const socket = statSync(join(data, 'command.sock'))
    expect([socket.isSocket(), socket.mode & 0o777]).toEqual([true, 0o600])
    node.child.kill('SIGTERM')
    expect(await node.ended).toMatchObject({ code: 0, stderr: '' })
    for (const name of ['command.sock', 'command.new', 'lock'])
      expect(statSync(join(data, name), { throwIfNoEntry: false })).toBeUndefined()
  })
})
