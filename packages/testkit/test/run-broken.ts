import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface FailedCase {
  readonly title: string
  readonly message: string
}

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly title: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')

/** Runs vitest in a process of its own over a folder of broken things, and gives what failed, by the names of their files. */
export async function runBroken(
  what: 'broken-plugins' | 'broken-logs' | 'broken-backends',
): Promise<ReadonlyMap<string, readonly FailedCase[]>> {
  const cwd = fileURLToPath(new URL(what, import.meta.url))
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-broken-'))
  try {
    const file = join(folder, 'report.json')
    const said = await run(cwd, [
      'run',
      '--config',
      'base/vitest.config.ts',
      '--reporter=json',
      '--maxWorkers=100%',
      `--outputFile=${file}`,
    ])
    const report = await readFile(file, 'utf8').catch(() => {
      throw new Error(`vitest made no report:\n${said}`)
    })
    const { testResults } = JSON.parse(report) as Report
    return new Map(
      testResults.map(({ name, message, assertionResults }) => {
        const failed = assertionResults
          .filter(({ status }) => status !== 'passed')
          .map(({ title, failureMessages }) => ({ title, message: failureMessages.join('\n') }))
        // A file that could not be loaded has no cases, and a message instead.
        const broken = assertionResults.length === 0 ? [{ title: 'load', message }] : []
        return [basename(name, '.ts'), [...failed, ...broken]]
      }),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function run(cwd: string, args: readonly string[]): Promise<string> {
  // What this run of vitest tells its workers is not meant for another one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')))
  const child = spawn(process.execPath, [VITEST, ...args], { cwd, env })
  const parts: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => parts.push(part))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve(Buffer.concat(parts).toString()))
  })
}
