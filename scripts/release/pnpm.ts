import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

export interface Said {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the pnpm that runs this script or, by hand, the pinned one through npx. Never throws for what pnpm says. */
export function pnpm(root: string, args: readonly string[], cwd = root): Said {
  const [command, ...rest] = commandOf(root)
  const { status, stdout, stderr, error } = spawnSync(command as string, [...rest, ...args], {
    cwd,
    env: environment(),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  return { status, stdout: stdout ?? '', stderr: error ? String(error) : stderr }
}

/** What pnpm said when it failed, for a person to read. */
export class PnpmFailed extends Error {}

/** Its standard output. @throws PnpmFailed */
export function demandPnpm(root: string, args: readonly string[], cwd = root): string {
  const { status, stdout, stderr } = pnpm(root, args, cwd)
  if (status !== 0) throw new PnpmFailed(`pnpm ${args.join(' ')} failed:\n${stdout}${stderr}`)
  return stdout
}

/** What a test run loads into each Node is not meant for the scripts of packages. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = process.env
  return env
}

function commandOf(root: string): string[] {
  const own = process.env.npm_execpath
  if (own !== undefined && /^pnpm(\.[cm]?js|\.exe)?$/.test(basename(own))) {
    return /js$/.test(own) ? [process.execPath, own] : [own]
  }
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return ['npx', '--yes', packageManager]
}

/** {@link pnpm}, while others go on. */
export async function pnpmAsync(root: string, args: readonly string[]): Promise<Said> {
  const [command, ...rest] = commandOf(root)
  return new Promise((resolve) => {
    execFile(
      command as string,
      [...rest, ...args],
      { cwd: root, env: environment(), maxBuffer: 1 << 28, timeout: 120_000 },
      (error, stdout, stderr) => resolve({ status: error ? 1 : 0, stdout, stderr }),
    )
  })
}
