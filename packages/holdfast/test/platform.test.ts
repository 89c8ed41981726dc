import { execFileSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { holdfast, run } from './run-command.ts'

const PACKAGE = join(import.meta.dirname, '..')
const OLD_NODE = join(PACKAGE, '..', '..', 'node_modules', 'node-20', 'bin', 'node')

/** The command on a platform or a Node that claims to be another. */
function pretending(property: 'platform' | 'version', value: string, args: readonly string[]) {
  const lie = `Object.defineProperty(process, '${property}', { value: '${value}' })`
  const env = { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(lie)}` }
  return holdfast(tmpdir(), args, { env })
}

describe('platforms', () => {
  let built: string

  // Away from all packages: whatever it loads beside its own files is not found.
  beforeAll(() => {
    built = mkdtempSync(join(realpathSync(tmpdir()), 'holdfast-built-'))
    execFileSync('tsup', ['--silent', '--out-dir', built], { cwd: PACKAGE, timeout: 60_000 })
    return () => rmSync(built, { recursive: true })
  }, 60_000)

  it('[A-07] on an older Node the command says so in one sentence, loads nothing else, and exits with 1', async () => {
    // What the tests preload is nothing that an older Node can read.
    const { NODE_OPTIONS: _, ...env } = process.env
    expect(await run(OLD_NODE, [join(built, 'main.js'), 'status'], { cwd: built, env })).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(/^holdfast needs Node 22\.19 or newer, and this is 20\.\d+\.\d+\.\n$/),
    })
  })

  it.each(['v22.18.0', 'v21.99.0', 'v8.0.0'])('[A-07] refuses Node %s', async (version) => {
    const { code, out, err } = await pretending('version', version, ['--version'])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toBe(`holdfast needs Node 22.19 or newer, and this is ${version.slice(1)}.\n`)
  })

  it.each(['v22.19.0', 'v23.0.0', 'v26.1.0-nightly'])('[A-07] takes Node %s', async (version) => {
    expect(await pretending('version', version, ['--version'])).toMatchObject({ code: 0, err: '' })
  })

  it('[A-07] knows a user that has no name, as a container may give it', async () => {
    const nameless = `
      import os from 'node:os'
      import { syncBuiltinESMExports } from 'node:module'
      os.userInfo = () => { throw new Error('uv_os_get_passwd returned ENOENT') }
      syncBuiltinESMExports()`
    const env = {
      ...process.env,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(nameless)}`,
    }
    const { code, out, err } = await holdfast(tmpdir(), ['hold', 'add', '--help'], { env })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(`(default: "user ${process.getuid?.()}")`)
  })

  it('[A-07] refuses Windows with a sentence', async () => {
    const { code, out, err } = await pretending('platform', 'win32', ['start'])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^holdfast does not run on Windows, .*WSL.*\.\n$/)
  })
})
