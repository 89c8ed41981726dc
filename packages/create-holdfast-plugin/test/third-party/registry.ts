import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** How a command ended. */
export interface Ended {
  readonly code: number
  readonly output: string
}

/** A registry of npm packages with nothing in it, and what a user's machine needs to use it. */
export interface Registry extends AsyncDisposable {
  /** Runs a command of npm, or through it, in a folder of that user. */
  npm(cwd: string, ...args: string[]): Promise<Ended>
}

/** What this process was told by the npm or pnpm that started it must not reach the user's. */
export function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|vitest|node_options$|holdfast_)/i.test(name),
  )
  return { ...Object.fromEntries(inherited), NO_COLOR: '1', CI: 'true' }
}

/** Starts a registry that keeps all it has in this folder. The packages of others come from the machine's own. */
export async function startRegistry(folder: string): Promise<Registry> {
  const [uplink, cafile, proxy] = await Promise.all(
    ['registry', 'cafile', 'https-proxy'].map((name) => setting(name, folder)),
  )
  const child = fork(join(import.meta.dirname, 'registry-program.ts'), [folder, uplink ?? '', proxy ?? ''], {
    // What npm was told of certificates, the registry has to be told too.
    env: { ...environment(), ...(cafile !== undefined && { NODE_EXTRA_CA_CERTS: cafile }) },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [url] = (await once(child, 'message')) as [string]
  const home = join(folder, 'home')
  mkdirSync(home)
  // Whoever says anything at all may publish there.
  writeFileSync(join(home, '.npmrc'), `registry=${url}\n//${new URL(url).host}/:_authToken=anybody\n`)
  const env = {
    ...environment(),
    npm_config_userconfig: join(home, '.npmrc'),
    npm_config_cache: join(home, 'cache'),
    npm_config_noproxy: '127.0.0.1',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  }
  return {
    npm: (cwd, ...args) => run('npm', args, cwd, env),
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

/** What npm was told on this machine; the npm that started these tests has told them in their environment. */
async function setting(name: string, cwd: string): Promise<string | undefined> {
  const { output } = await run('npm', ['config', 'get', name], cwd, process.env)
  const value = output.trim().split('\n').at(-1) ?? ''
  return value === '' || value === 'null' || value === 'undefined' ? undefined : value
}

export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      [...args],
      { cwd, env, encoding: 'utf8', maxBuffer: 32 * 1024 * 1024, timeout: 240_000, killSignal: 'SIGKILL' },
      (_, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, output: child.exitCode === 0 ? stdout : stdout + stderr }),
    )
  })
}
