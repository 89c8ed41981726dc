// Argument: the folder of the node. Does the same on every run, and goes on where an earlier one was killed. Says on
// standard output what it begins and what is done, and at its start what it finds.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crashChild } from '@holdfast/testkit'
import { nodeIn } from './node.ts'
import {
  AGAIN,
  COMPACTED,
  contentOf,
  EXPIRY,
  FILES,
  foundLine,
  LATER,
  NOW,
  OVERWRITTEN,
  UNDONE,
} from './plan.ts'

const [folder = ''] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
const node = await nodeIn(folder, crashChild()).start()
const { files } = node

async function write(path: string, version: number): Promise<void> {
  if (await files.stat(path)) return
  console.log(`begin write ${path} ${version}`)
  await files.write(path, contentOf(path, version))
  console.log(`done write ${path} ${version}`)
}

async function overwrite(path: string, version: number, delay: number): Promise<void> {
  const content = contentOf(path, version)
  if ((await files.stat(path))?.size === content.length) return
  console.log(`begin overwrite ${path} ${version}`)
  await files.write(path, content, { delay })
  console.log(`done overwrite ${path} ${version}`)
}

async function compact(version: number): Promise<void> {
  const [path] = COMPACTED
  const source = contentOf(path, version)
  if ((await files.stat(path))?.size === source.length) return
  console.log(`begin compact ${path} ${version}`)
  await files.replace({ inputs: COMPACTED, outputs: [{ path, source }], delay: 0 })
  console.log(`done compact ${path} ${version}`)
}

async function remove(path: string, delay: number): Promise<void> {
  if (!(await files.stat(path))) return
  console.log(`begin delete ${path}`)
  await files.delete(path, { delay })
  console.log(`done delete ${path}`)
}

async function undo(path: string): Promise<void> {
  if (await files.stat(path)) return
  console.log(`begin undo ${path}`)
  await files.undo(path)
  console.log(`done undo ${path}`)
}

async function expire(before: number): Promise<void> {
  console.log(`begin expire ${before}`)
  const { outcome } = await node.jobs.run('expiry', { before, act: true })
  if (outcome.status !== 'completed') throw new Error(`expiry ended with ${JSON.stringify(outcome)}`)
  console.log(`done expire ${before}`)
}

/** Whether a path was written or deleted is seen in the manifest, but only as long as no later phase has begun. */
const phases: readonly (() => Promise<void>)[] = [
  async () => {
    for (let at = 0; at < FILES.length; at += 5)
      await Promise.all(FILES.slice(at, at + 5).map((path) => write(path, 1)))
  },
  async () => {
    for (const path of NOW) await remove(path, 0)
    for (const path of LATER) await remove(path, 3_600_000)
  },
  async () => undo(UNDONE),
  async () => {
    for (const path of AGAIN) await write(path, 2)
  },
  async () => {
    for (const [at, path] of OVERWRITTEN.entries()) await overwrite(path, 3, at * 3_600_000)
  },
  () => compact(4),
  ...EXPIRY.map((before) => () => expire(before)),
  async () => {
    await node.eraser.drain()
  },
]

const progress = join(folder, 'phases-done')
const done = existsSync(progress) ? Number(readFileSync(progress, 'utf8')) : 0
console.log(await foundLine(node))
for (const [phase, run] of phases.entries()) {
  if (phase < done) continue
  await run()
  await node.hooks.drain()
  writeFileSync(`${progress}.new`, String(phase + 1))
  renameSync(`${progress}.new`, progress)
}
await node.stop()
