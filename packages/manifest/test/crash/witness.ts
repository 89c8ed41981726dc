import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { definePlugin, type Plugin } from '@holdfast/core'

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
        say(`batch ${event.type === 'batch' ? event.id : event.reason}`),
      )
      hooks.onFileDeleted.tap(async ({ key, path, reason }) => say(`deleted ${key} ${path} ${reason !== ''}`))
    },
  })
}

/** What a witness had seen, over all lives of its node. */
export function testimony(file: string): { readonly batches: string[]; readonly deleted: string[] } {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  const of = (kind: string) =>
    lines.flatMap((line) => (line.startsWith(`${kind} `) ? [line.split(' ')[1]!] : []))
  return { batches: of('batch'), deleted: of('deleted') }
}
