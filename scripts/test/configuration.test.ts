import { describe, expect, it } from 'vitest'
import { run, tree } from './fixture.ts'

const knob = (more: string) => `{ doc: 'Says | what.', takes: 'a number', read: Number, ${more} }`
const sources = (knobs: string) => ({
  'package.json': '{ "type": "module" }',
  'docs/.keep': '',
  'packages/acme/package.json': '{ "name": "acme", "type": "module", "keywords": ["holdfast-plugin"] }',
  'packages/acme/src/index.ts': `export const plugin = () => ({ id: 'acme-x', config: { ${knobs} } })`,
  'packages/other/package.json': '{ "name": "other" }',
})
const LIMIT = `maxCount: ${knob(`default: 3, bounds: { min: 0, max: 9 }, zero: 'no limit'`)}`

describe('configuration', () => {
  it('writes a row for each knob, and then is up to date', () => {
    using made = tree(sources(LIMIT))
    expect(run('configuration.ts', made.root, ['--check'])).toMatchObject({
      status: 1,
      output: expect.stringContaining('docs/configuration.md is stale'),
    })
    expect(run('configuration.ts', made.root)).toMatchObject({
      status: 0,
      output: expect.stringContaining('written'),
    })
    expect(run('configuration.ts', made.root, ['--check'])).toMatchObject({
      status: 0,
      output: 'configuration: 1 knobs of 1 sections, up to date\n',
    })
    const row = made
      .read('docs/configuration.md')
      .split('\n')
      .find((line) => line.includes('maxCount'))
    expect(row?.split(/(?<!\\)\|/).map((cell) => cell.trim())).toEqual([
      '',
      '`maxCount`: Says \\| what.',
      'a number',
      '`3`',
      '`HOLDFAST_ACME_X_MAX_COUNT`',
      'the default',
      'no limit',
      'refused',
      '0',
      '9',
      '',
    ])
  })

  it('is stale when a knob has changed', () => {
    using made = tree(sources(LIMIT))
    run('configuration.ts', made.root)
    made.write(sources(LIMIT.replace('max: 9', 'max: 8')))
    expect(run('configuration.ts', made.root, ['--check']).status).toBe(1)
  })

  it.each([
    ['0', `bounds: { min: 0 }`, 'acme-x.one takes 0 and does not say'],
    [
      'what is negative',
      `bounds: { min: -1 }, zero: 'x'`,
      'acme-x.one takes numbers below 0 and does not say',
    ],
  ])('fails for a knob that does not say what %s means', (_what, more, message) => {
    using made = tree(sources(`one: ${knob(`default: 1, ${more}`)}`))
    expect(run('configuration.ts', made.root)).toMatchObject({
      status: 1,
      output: expect.stringContaining(message),
    })
  })

  it('never writes the default of a secret', () => {
    using made = tree(sources(`one: ${knob(`default: 123456, secret: true`)}`))
    run('configuration.ts', made.root)
    expect(made.read('docs/configuration.md')).toContain('`(secret)`')
    expect(made.read('docs/configuration.md')).not.toContain('123456')
  })

  it('fails when there is nothing to write about', () => {
    using made = tree({ 'package.json': '{}' })
    expect(run('configuration.ts', made.root)).toMatchObject({ status: 1 })
  })
})
