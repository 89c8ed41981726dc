// Argument: a folder on a small disk. Writes files, fills the disk to the last block, deletes the files, and takes what
// filled the disk away. Goes on where an earlier run was killed.
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { crashChild } from '@holdfast/testkit'
import { MIB, nodeOn } from './node.ts'
import { fill } from './small-disk.ts'

const [folder = ''] = process.argv.slice(2)
const failpoints = crashChild()
const node = await nodeOn(folder, { reserve: 2 * MIB, lowWater: MIB }, failpoints).start()
const reserve = join(folder, 'data', 'reserve')
const foreign = join(folder, 'foreign')

async function untilReserved(): Promise<void> {
  for (let tries = 0; !existsSync(reserve); tries++) {
    if (tries > 200) throw new Error('the reserve was not built')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

if (!existsSync(foreign)) {
  await untilReserved()
  for (let number = 0; number < 20; number++)
    if (!(await node.files.stat(`a/${number}`))) await node.files.write(`a/${number}`, Buffer.alloc(10_000))
  fill(foreign)
}
for await (const { path } of node.files.list()) await node.files.delete(path, { delay: 0 })
await node.eraser.drain()
rmSync(foreign, { force: true })
await untilReserved()
await node.files.write('b', 'after')
await node.stop()
