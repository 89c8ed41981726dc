import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packOurs } from './our-packages.ts'
import { type Registry, startRegistry } from './registry.ts'

const MINUTES = 60_000

/** Reads the config file beside it, and lives the life of a few files. Prints what is left. */
const PROGRAM = `
  import { loadNode } from 'holdfast'
  const node = await (await loadNode('.')).start()
  await node.files.write('logs/2001/02/03/04/old.txt', 'old')
  await node.files.write('logs/kept.txt', 'kept', { maxTime: Date.now() })
  const run = await node.jobs.run('retention', { act: true })
  await node.eraser.drain()
  const listed = []
  for await (const { path } of node.files.list()) listed.push(path)
  const parts = []
  for await (const part of await node.files.read('logs/kept.txt')) parts.push(part)
  console.log(JSON.stringify({ run: run.outcome.status, expired: run.done.files, listed, read: String(Buffer.concat(parts)) }))
  await node.stop()
`

describe.concurrent('a third party', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'holdfast-third-party-'))
  let registry: Registry

  const folder = (name: string) => {
    const path = join(scratch, name)
    mkdirSync(path)
    return path
  }
  /** Runs npm and gives what it said; what fails is an assertion with all of it. */
  const npm = async (cwd: string, ...args: string[]): Promise<string> => {
    const { code, output } = await registry.npm(cwd, ...args)
    expect(code, `npm ${args.join(' ')}\n${output}`).toBe(0)
    return output
  }
  const passedIn = (output: string) => Number(/Tests\s+(\d+) passed/.exec(output)?.[1] ?? 0)

  beforeAll(async () => {
    const [started, tarballs] = await Promise.all([startRegistry(folder('registry')), packOurs(scratch)])
    registry = started
    await Promise.all(tarballs.map((tarball) => npm(scratch, 'publish', tarball)))
  }, 3 * MINUTES)
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]()
    rmSync(scratch, { recursive: true, force: true })
  }, MINUTES)

  it('[K-13] scaffolds a backend, sees its suite pass, publishes it, and somebody else names it in a config file', {
    timeout: 6 * MINUTES,
  }, async ({ expect }) => {
    const author = folder('author')
    const name = '@acme/holdfast-backend-x'
    await npm(
      author,
      'create',
      '--yes',
      'holdfast-plugin',
      'mine',
      '--',
      '--kind',
      'backend',
      '--name',
      name,
      '--yes',
    )
    const mine = join(author, 'mine')
    await npm(mine, 'install')
    // Both suites: the laws of a backend and those of a plugin.
    expect(passedIn(await npm(mine, 'test'))).toBeGreaterThan(50)
    await npm(mine, 'pack')
    const [tarball = ''] = readdirSync(mine).filter((file) => file.endsWith('.tgz'))
    await npm(mine, 'publish', `./${tarball}`)

    const user = folder('user')
    await npm(user, 'install', 'holdfast', '@holdfast/plugin-retention', name)
    writeFileSync(
      join(user, 'holdfast.config.json'),
      JSON.stringify({
        plugins: [[name, { file: './files.db' }], 'manifest', 'retention'],
        config: {
          manifest: { dataDir: './data' },
          retention: {
            policies: [{ id: 'raw', match: '**', maxAge: '90d', minAge: 0 }],
            eraseDelay: 0,
          },
        },
        node: { log: 'silent' },
      }),
    )
    writeFileSync(join(user, 'program.mjs'), PROGRAM)
    const said = await npm(user, 'exec', '--', 'node', 'program.mjs')
    expect(JSON.parse(said)).toEqual({
      run: 'completed',
      expired: 1,
      listed: ['logs/kept.txt'],
      read: 'kept',
    })
    const db = new DatabaseSync(join(user, 'files.db'))
    const keys = db.prepare("SELECT key FROM objects WHERE key NOT LIKE '.holdfast/%'").all()
    db.close()
    expect(keys).toEqual([{ key: expect.stringMatching(/^logs\/kept~.*\.txt$/) }])

    const options = JSON.stringify({ file: './new.db' })
    const verified = await npm(user, 'exec', '--', 'holdfast', 'verify', name, '--config', options)
    expect(verified).toContain('ok      delete')
  })

  it('[K-13] scaffolds a plugin that builds, type-checks and passes its suite', {
    timeout: 6 * MINUTES,
  }, async ({ expect }) => {
    const author = folder('plugin-author')
    await npm(author, 'create', '--yes', 'holdfast-plugin', 'holdfast-plugin-tidy', '--', '--yes')
    const mine = join(author, 'holdfast-plugin-tidy')
    await npm(mine, 'install')
    expect(passedIn(await npm(mine, 'test'))).toBeGreaterThan(15)
  })
})
