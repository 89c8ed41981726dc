import { spawn } from 'node:child_process'
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import type { JsonTestResults } from 'vitest/node'
import { filesBelow } from '../workspace.ts'

export interface PackedRun {
  /** Test files that ran, from the root of the workspace. */
  readonly files: readonly string[]
  readonly passed: number
  /** Titles, each with what its test said. */
  readonly failed: readonly string[]
  /** Titles. */
  readonly skipped: readonly string[]
}

/** Runs test files of one package in its folder outside the workspace. The sources stay behind. */
export async function runPacked(
  root: string,
  outside: string,
  folder: string,
  files: readonly string[],
): Promise<PackedRun> {
  const at = `packages/${folder}`
  const cwd = join(outside, at)
  cpSync(join(root, at, 'vitest.config.ts'), join(cwd, 'vitest.config.ts'))
  cpSync(join(root, at, 'test'), join(cwd, 'test'), { recursive: true })
  for (const file of filesBelow(outside, `${at}/test`, /\.test\.ts$/)) {
    if (!files.includes(file)) rmSync(join(outside, file))
  }
  const report = join(cwd, 'report.json')
  const said = await vitest(cwd, [
    'run',
    // The run around it waits.
    '--maxWorkers=100%',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ])
  return read(outside, report, said)
}

function vitest(cwd: string, args: readonly string[]): Promise<string> {
  const program = join(dirname(createRequire(join(cwd, 'x.js')).resolve('vitest/package.json')), 'vitest.mjs')
  // What a run of vitest tells its workers, and what it loads into them, is not meant for this one.
  const outer = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|HOLDFAST_|NODE_OPTIONS$)/.test(name),
  )
  const env = { ...Object.fromEntries(outer), NO_COLOR: '1' }
  const child = spawn(process.execPath, [program, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const parts: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => parts.push(part))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve(Buffer.concat(parts).toString()))
  })
}

function read(outside: string, report: string, said: string): PackedRun {
  let results: JsonTestResults
  try {
    results = JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    throw new Error(`vitest made no report:\n${said}`)
  }
  const files = results.testResults.map((result) => {
    const file = relative(outside, result.name).split(sep).join('/')
    return {
      file,
      tests: result.assertionResults,
      broken: result.status === 'failed',
      message: result.message,
    }
  })
  const having = (...outcomes: readonly string[]) =>
    files.flatMap(({ file, tests }) =>
      tests
        .filter(({ status }) => outcomes.includes(status))
        .map(({ title, failureMessages }) => [`${file}: ${title}`, ...(failureMessages ?? [])].join('\n')),
    )
  const unloaded = files.filter(
    ({ tests, broken }) => broken && !tests.some(({ status }) => status === 'failed'),
  )
  const passed = having('passed').length
  const failed = [
    ...having('failed'),
    ...unloaded.map(({ file, message }) => `${file}: could not be loaded\n${message}`),
  ]
  return {
    files: files.map(({ file }) => file).sort(),
    passed,
    failed,
    skipped: having('skipped', 'pending', 'todo', 'disabled'),
  }
}
