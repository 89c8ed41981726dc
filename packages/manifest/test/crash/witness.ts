import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type CommittedBatch, definePlugin, type Plugin } from '@holdfast/core'

/** What an op was and became: its type, its key or that of its entry, and the status of its outcome. */
export type Told = readonly [type: string, key: string, status: string]

/** A plugin that writes down what its taps get, where no later crash takes it away. */
export function witness(file: string): Plugin {
  const say = (line: string) => {
    mkdirSync(dirname(file), { recursive: true })
    appendFileSync(file, `${line}\n`)
  }
  return definePlugin({
    name: 'witness',
    id: 'witness',
    version: '0.1.0',
    api: '1.0',
    setup({ hooks }) {
      hooks.onManifestBatch.tap(async (event) =>
        say(
          event.type === 'batch'
            ? `batch ${event.id} ${JSON.stringify(toldBy(event))}`
            : `batch ${event.reason} []`,
        ),
      )
      hooks.onFileDeleted.tap(async ({ key, path, reason }) => say(`deleted ${key} ${path} ${reason !== ''}`))
    },
  })
}

function toldBy({ ops, outcomes }: CommittedBatch): Told[] {
  return ops.flatMap((op, index) => {
    const { status = 'none' } = outcomes[index] ?? {}
    if (op.type === 'replace') return op.outputs.map(({ key }): Told => [op.type, key, status])
    if (op.type === 'register') return [[op.type, op.entry.key, status] as const]
    return 'key' in op ? [[op.type, op.key, status] as const] : []
  })
}

/** What a witness had seen, over all lives of its node; some of it more than once. */
export function testimony(file: string): {
  readonly batches: string[]
  readonly deleted: string[]
  /** The ops of each batch, in the order in which the batches were seen first. */
  readonly told: ReadonlyMap<string, readonly Told[]>
} {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  const of = (kind: string) =>
    lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.split(' '))
  const batches = of('batch')
  return {
    batches: batches.map(([, id = '']) => id),
    deleted: of('deleted').map(([, key = '']) => key),
    told: new Map(batches.map(([, id = '', ...json]) => [id, JSON.parse(json.join(' ')) as Told[]])),
  }
}
