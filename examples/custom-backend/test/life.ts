// A process with the backend, told what to do by its arguments: file, scene. Run by durability.test.ts.
import { writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { openBackendSqlite } from '@holdfast/example-custom-backend'

const [file = '', scene] = process.argv.slice(2)
const backend = openBackendSqlite({ file })
// Straight to the pipe: what was said before the end is heard.
const say = (line: string) => void writeSync(1, `${line}\n`)

/** Never ends, so whoever writes it is killed in the middle; slow enough for a small disk. */
async function* endless() {
  for (let piece = 0; ; piece++) {
    if (piece === 8) say('half written')
    yield new Uint8Array(100_000)
    await setTimeout(1)
  }
}

if (scene === 'endless') await backend.write('endless', endless())
else if (scene === 'some')
  for (let n = 0; n < 5; n++) {
    await backend.write(`key-${n}`, new Uint8Array(n * 80_000).fill(n))
    say(`written key-${n}`)
    if (n % 2 === 0) continue
    await backend.delete([{ key: `key-${n - 1}` }])
    say(`deleted key-${n - 1}`)
  }
else
  for (let n = 0; ; n++) {
    await backend.write(`key-${n}`, new Uint8Array(1000).fill(n))
    say(`written key-${n}`)
  }
