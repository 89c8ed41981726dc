import { join } from 'node:path'
import { inspect } from 'node:util'
import { createNode, FailpointRegistry, type HoldfastNode, isHoldfastError } from '@holdfast/core'
import { retention } from '@holdfast/plugin-retention'
import { standalone } from 'holdfast'
import type { Act } from './act.ts'
import { AS_OF, MAX_AGE } from './expected.ts'
import { inParallel } from './in-parallel.ts'
import { ingest, listed } from './ingest.ts'
import type { Outcome } from './outcome.ts'
import { rehearse } from './rehearsal.ts'

const READS_AT_ONCE = 16

// One life of the node: it starts, does whatever is left to do, and stops. The life after a kill is no other program.
// Arguments: the data folder and, for a life that dies in the middle of retention, `to-be-killed`.
const [folder = '', fate] = process.argv.slice(2)
// When the program that watches this one dies, this one ends as well. The next start goes on from there.
process.once('disconnect', () => process.exit(1))
process.channel?.unref()

try {
  await live(folder, fate === 'to-be-killed')
} catch (error) {
  tell({ act: 'failed', message: isHoldfastError(error) ? error.message : inspect(error) })
  process.exitCode = 1
}

async function live(folder: string, toBeKilled: boolean): Promise<void> {
  {
    await using node = await open(folder, { eraseDelay: '1h' })
    tell({ act: 'started', listed: listed(node).hours, toErase: node.eraser.backlog() })
    tell({ act: 'ingested', ...(await ingest(node, folder, tell)) })
    const rehearsed = await rehearse(node)
    if (rehearsed) tell(rehearsed)
  }
  const failpoints = new FailpointRegistry()
  // By default an hour is left to undo, as in the rehearsal. Now the bytes go at once, so that there is something to see.
  await using node = await open(folder, { eraseDelay: 0, failpoints })
  // The end of the first chunk of 1,000 files passes; at the end of the second the process kills itself.
  if (toBeKilled) failpoints.arm('job.chunk.after', { kind: 'crash' }, { skip: 1 })
  tell({ act: 'expired', ...(await expire(node)) })
  tell({ act: 'verified', ...(await verify(node)) })
}

interface Opening {
  readonly eraseDelay: number | string
  readonly failpoints?: FailpointRegistry
}

function open(folder: string, { eraseDelay, failpoints }: Opening): Promise<HoldfastNode> {
  return createNode({
    ...(failpoints && { failpoints }),
    plugins: [
      ...standalone({ dataDir: join(folder, 'node'), root: join(folder, 'files') }),
      retention({
        policies: [
          {
            id: 'flights',
            match: 'flights/**',
            maxAge: MAX_AGE,
            // By default no file expires within a day of its write, and these were written just now.
            minAge: 0,
          },
        ],
        eraseDelay,
      }),
    ],
  }).start()
}

/** Condemns what is too old, then waits until the bytes are gone, also those that an earlier life condemned. */
async function expire(node: HoldfastNode): Promise<{ readonly condemned: number }> {
  const { done, outcome } = await node.jobs.run(
    'retention',
    // By today's clock all flights are decades old.
    { asOf: AS_OF, act: true },
    {
      onProgress: ({ phase, done, total = 0 }) => {
        if (phase === 'acting' && total > 0) tell({ act: 'expiring', done, total })
      },
    },
  )
  if (outcome.status === 'aborted') throw new Error(`retention ended early: ${outcome.message}`)
  // The node erases by itself. This waits until it is through.
  const { setAside } = await node.eraser.drain()
  const left = node.eraser.backlog() + setAside.length
  if (left > 0) throw new Error(`${left} condemned files could not be erased`)
  return { condemned: done.files }
}

/** Reads every listed file back, which checks its checksum, and looks for files in the store that nothing lists. */
async function verify(node: HoldfastNode): Promise<Pick<Outcome, 'kept' | 'unlisted'>> {
  const kept = { hours: 0, rows: 0, bytes: 0 }
  const keys = new Set<string>()
  await inParallel(node.files.list(), READS_AT_ONCE, async ({ path, key, rows = 0 }) => {
    for await (const piece of await node.files.read(path)) kept.bytes += piece.length
    kept.hours++
    kept.rows += rows
    keys.add(key)
  })
  const unlisted: string[] = []
  for await (const page of node.service('backend').list())
    unlisted.push(...page.keys.filter((key) => !keys.has(key)))
  return { kept, unlisted }
}

function tell(act: Act): void {
  process.send?.(act)
}
