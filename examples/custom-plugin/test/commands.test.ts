import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createNode } from '@holdfast/core'
import { operatingRules } from '@holdfast/example-custom-plugin'
import { standalone } from 'holdfast'
import { expect, it, onTestFinished } from 'vitest'

const { resolve } = createRequire(import.meta.url)
const JOB = 'operating-rules-dated'

/** A folder of an operator: a config file that names the plugin, and the packages that it names. */
async function project() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const packages = join(folder, 'node_modules/@holdfast')
  mkdirSync(packages, { recursive: true })
  for (const name of ['backend-local', 'manifest'])
    symlinkSync(dirname(resolve(`@holdfast/${name}/package.json`)), join(packages, name))
  symlinkSync(fileURLToPath(new URL('..', import.meta.url)), join(packages, 'example-custom-plugin'))
  const place = { root: join(folder, 'files'), dataDir: join(folder, 'data') }
  const config = {
    plugins: ['backend-local', 'manifest', '@holdfast/example-custom-plugin'],
    config: { 'backend-local': { root: place.root }, manifest: { dataDir: place.dataDir } },
  }
  writeFileSync(join(folder, 'holdfast.config.json'), JSON.stringify(config))
  const open = () => createNode({ plugins: [...standalone(place), operatingRules()], log: 'silent' }).start()
  return { folder, open }
}

/** `holdfast <words> --json`, in that folder. */
function holdfast(folder: string, ...words: string[]): Promise<{ code: number; said: unknown }> {
  const index = resolve('holdfast')
  const main = join(dirname(index), `main${extname(index)}`)
  const args = ['--conditions=holdfast-source', main, ...words, '--json']
  return new Promise((resolved) => {
    const child = execFile(process.execPath, args, { cwd: folder }, (_, stdout) =>
      resolved({
        code: child.exitCode ?? -1,
        said: stdout === '' ? undefined : JSON.parse(stdout.split('\n')[0] ?? ''),
      }),
    )
  })
}

it('[R-21] the commands plan its job, run it when they are told to act, and bring its files back', async () => {
  const { folder, open } = await project()
  const listed = async () => {
    await using node = await open()
    const paths: string[] = []
    for await (const { path } of node.files.list()) paths.push(path)
    return paths
  }
  {
    await using node = await open()
    await node.files.write('a/over', 'x', { metadata: { keepUntil: '2020-01-01' } })
    await node.files.write('a/kept', 'x')
  }
  expect(await holdfast(folder, 'job', 'plan', JOB)).toMatchObject({ code: 0 })
  expect(await holdfast(folder, 'job', 'run', JOB)).toMatchObject({ code: 0, said: { path: 'a/over' } })
  expect(await listed()).toEqual(['a/kept', 'a/over'])
  const acted = await holdfast(folder, 'job', 'run', JOB, '--act', '--yes')
  expect(acted).toMatchObject({ code: 0, said: { job: JOB, dryRun: false, done: { files: 1 } } })
  expect(await listed()).toEqual(['a/kept'])
  const { id } = acted.said as { id: string }
  expect(await holdfast(folder, 'files', 'undo', '--run', id)).toMatchObject({ code: 0 })
  expect(await listed()).toEqual(['a/kept', 'a/over'])
}, 60_000)
