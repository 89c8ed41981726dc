import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createNode, type Plugin } from '@holdfast/core'
import { FakeClock } from '@holdfast/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'

const PACKAGE = join(import.meta.dirname, '..')
const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')

/** The first example of a page, as a file of this package, so that it finds core by its name, and a version above it. */
function exampleOf(page: string): { readonly file: string; readonly config: string } {
  const [, code] = /```ts\n(.*?)```/s.exec(readFileSync(join(PACKAGE, page), 'utf8')) ?? []
  const name = `example-${randomUUID()}`
  const [file, config] = ['ts', 'json'].map((kind) => join(import.meta.dirname, `${name}.${kind}`)) as [
    string,
    string,
  ]
  onTestFinished(() => {
    for (const written of [file, config]) rmSync(written, { force: true })
  })
  writeFileSync(file, code ?? '')
  const settings = {
    extends: '../../../tsconfig.base.json',
    compilerOptions: { noEmit: true, composite: false, incremental: false, types: ['node'] },
    files: [file],
  }
  writeFileSync(config, JSON.stringify(settings))
  return { file, config }
}

describe.each(['README.md', '../../docs/writing-a-plugin.md'])('the first example of %s', (page) => {
  it('[K-01] compiles, and does what it says', { timeout: 60_000 }, async () => {
    const { file, config } = exampleOf(page)
    const said = () => execFileSync(process.execPath, [TSC, '-p', config], { encoding: 'utf8' })
    expect(said).not.toThrow()
    const { licence } = (await import(pathToFileURL(file).href)) as {
      licence: (options?: { until?: string }) => Plugin
    }
    const clock = new FakeClock(new Date('2027-12-31T23:59:59.999Z'))
    const plugins = [licence({ until: '2027-12-31' })]
    await using node = await createNode({ plugins, id: 'x', clock, log: 'silent' }).start()
    const condemn = { action: 'condemn', actor: 'user' } as const
    expect(await node.gate.check(condemn)).toMatchObject({ allowed: true })
    await clock.advance(1)
    expect(await node.gate.check(condemn)).toMatchObject({ allowed: false, by: 'licence' })
    expect(() => createNode({ plugins: [licence({ until: '2027-02-31' })], log: 'silent' })).toThrow(
      /it is not a date/,
    )
  })
})
