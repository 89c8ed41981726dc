import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { shortened, table } from '../src/terminal/table.ts'
import { commandOf, link, project } from './packages.ts'
import { holdfast, run } from './run-command.ts'

const CONFIG = {
  'holdfast.config.json': {
    plugins: ['backend-local', 'manifest'],
    config: { 'backend-local': { root: 'files' }, manifest: { dataDir: 'data', reserve: 0 } },
  },
}
const COMMAND = `"${process.execPath}" --conditions=holdfast-source "${commandOf('holdfast')}"`

/** A command line in a shell, with `holdfast` in it. */
const shell = (cwd: string, line: string, env: NodeJS.ProcessEnv = {}) =>
  run('bash', ['-c', `holdfast() { ${COMMAND} "$@"; }; ${line}`], { cwd, env: { ...process.env, ...env } })

const COLUMNS = [
  { head: 'SIZE', of: ({ size }: Row) => size, right: true },
  { head: 'PATH', of: ({ path }: Row) => path, gives: true },
]
interface Row {
  readonly size: string
  readonly path: string
}

async function lines(rows: readonly Row[], width?: number): Promise<readonly string[]> {
  const all: string[] = []
  for await (const line of table(COLUMNS, rows, { width })) all.push(line)
  return all
}

describe('tables', () => {
  it('[A-07] count the cells of wide characters, of marks, and of faces made of several', async () => {
    const rows = ['日本語', 'e\u0301', '👩‍👩‍👧'].map((size) => ({ size, path: 'x' }))
    expect(await lines(rows)).toEqual(['  SIZE  PATH', '日本語  x', '     e\u0301  x', '    👩‍👩‍👧  x'])
    expect(shortened('日本語日本語', 7)).toBe('日…本語')
  })

  it('[A-07] keep every name whole for another program, also after the rows that told the widths', async () => {
    const rows = Array.from({ length: 1200 }, (_, index) => ({ size: '1', path: 'x'.repeat(index + 1) }))
    const all = await lines(rows)
    expect(all.at(-1)).toBe(`   1  ${'x'.repeat(1200)}`)
    const narrow = await lines(rows, 40)
    expect(Math.max(...narrow.map((line) => line.length))).toBe(40)
  })

  it('[A-07] let nothing through that moves the cursor, colours, or turns the line round', async () => {
    const [, line] = await lines([{ size: '1', path: 'a\u001b[31m\u009b\r\n\u202egpj.exe\u2066' }])
    expect(line).toBe('   1  a�[31m����gpj.exe�')
  })
})

describe('output', () => {
  it('[A-07] that nobody reads ends the command with 0, and stops its node', {
    timeout: 60_000,
  }, async () => {
    const root = project(CONFIG)
    for (const command of ['files ls', 'config show', 'doctor', '--help', 'job ls --json']) {
      const { out, err } = await shell(root, `holdfast ${command} | true; echo "\${PIPESTATUS[0]}"`)
      expect([command, out, err]).toEqual([command, '0\n', ''])
    }
    expect(existsSync(join(root, 'data', 'lock'))).toBe(false)
  })

  it('[A-07] that has no room is said in a sentence, ends the command with 1, and stops its node', async () => {
    const root = project(CONFIG)
    for (const command of ['status', 'config show']) {
      const { out, err } = await shell(root, `holdfast ${command} > /dev/full; echo $?`)
      expect([command, out]).toEqual([command, '1\n'])
      expect(err).toMatch(/^standard output failed: ENOSPC.*\n$/)
    }
    expect(existsSync(join(root, 'data', 'lock'))).toBe(false)
  })

  it('[A-07] of errors that nobody reads changes nothing', async () => {
    const { out } = await shell(
      project(CONFIG),
      '{ holdfast init; echo $? > code; } 2>&1 >&- | true; cat code',
    )
    expect(out).toBe('3\n')
  })

  it('[A-07] has colours in a terminal alone, unless somebody says otherwise', {
    timeout: 60_000,
  }, async () => {
    const root = project(CONFIG)
    const bare = { NO_COLOR: undefined, FORCE_COLOR: undefined, TERM: 'xterm-256color', CI: undefined }
    const terminal = (env: NodeJS.ProcessEnv) =>
      run('script', ['-qec', `${COMMAND} config show`, '/dev/null'], {
        cwd: root,
        env: { ...process.env, ...bare, ...env },
      })
    const isColoured = ({ out }: { readonly out: string }) => out.includes('\u001b[')
    const inTerminal = await terminal({})
    expect(isColoured(inTerminal)).toBe(true)
    // Its terminal does not say how wide it is: nothing is cut.
    expect(inTerminal.out).toContain('manifest.tombstoneTime')
    expect(inTerminal.out).not.toContain('…')
    expect(isColoured(await terminal({ NO_COLOR: '1' }))).toBe(false)
    expect(isColoured(await terminal({ TERM: 'dumb' }))).toBe(false)
    expect(isColoured(await holdfast(root, ['config', 'show'], { env: { ...process.env, ...bare } }))).toBe(
      false,
    )
    const forced = { ...process.env, ...bare, FORCE_COLOR: '1' }
    expect(isColoured(await holdfast(root, ['config', 'show'], { env: forced }))).toBe(true)
  })
})

describe('Ctrl-C', () => {
  it('[K-17] during the start of a node takes back what was opened, and ends with 130', async () => {
    const root = project({
      'package.json': { type: 'module' },
      'holdfast.config.ts': `
        import { definePlugin } from '@holdfast/core'
        const slow = definePlugin({ name: 'slow', id: 'slow', version: '1.0.0', api: '1.0', needs: ['manifest'],
          setup({ onStart }) {
            onStart((_, { signal }) => new Promise((_, reject) => {
              console.log('starting')
              signal.addEventListener('abort', () => reject(signal.reason))
            }))
          } })
        export default { plugins: ['backend-local', 'manifest', slow],
          config: { 'backend-local': { root: 'files' }, manifest: { dataDir: 'data', reserve: 0 } } }`,
    })
    link(root, '@holdfast/core')
    const args = ['--conditions=holdfast-source', commandOf('holdfast'), 'files', 'ls']
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const end = once(child, 'close')
    await once(child.stdout, 'data')
    expect(existsSync(join(root, 'data', 'lock'))).toBe(true)
    child.kill('SIGINT')
    expect(await end).toEqual([130, null])
    expect(existsSync(join(root, 'data', 'lock'))).toBe(false)
  })

  it.each([
    ['Ctrl-C', '\u0003', 130],
    ['Ctrl-D', '\u0004', 3],
    ['Enter', '\r', 3],
    ['yes', 'yes\r', 0],
  ])('[R-21] at the question before something goes: %s', { timeout: 60_000 }, async (_, keys, code) => {
    const root = project({ ...CONFIG, 'a.txt': 'a' })
    await holdfast(root, ['files', 'put', 'a.txt', 'a.txt'])
    const child = spawn('script', ['-qec', `${COMMAND} files rm a.txt --act`, '/dev/null'], { cwd: root })
    onTestFinished(() => void child.kill('SIGKILL'))
    const end = once(child, 'close')
    let said = ''
    child.stdout.on('data', (part: Buffer) => {
      said += part.toString()
      if (said.includes('[y/N]')) child.stdout.removeAllListeners('data').resume()
    })
    while (!said.includes('[y/N]'))
      await Promise.race([wait(50), end.then(() => expect(said).toContain('[y/N]'))])
    child.stdin.write(keys)
    expect(await end).toEqual([code, null])
    expect(existsSync(join(root, 'data', 'lock'))).toBe(false)
  })
})
