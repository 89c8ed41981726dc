import { describe, expect, it } from 'vitest'
import { runPacked } from '../packed/run.ts'
import { tree } from './fixture.ts'

const test = (body: string) => `import { expect, it } from 'vitest'\nimport { one } from 'acme'\n${body}`

describe('a run outside the workspace', { timeout: 60_000 }, () => {
  it('counts what passed, failed, was skipped and could not be loaded, and leaves out the rest', async () => {
    using workspace = tree({
      'packages/acme/src/index.ts': 'export const one = 1',
      'packages/acme/vitest.config.ts': `export default { test: { include: ['test/**/*.test.ts'] } }`,
      'packages/acme/test/good.test.ts': test(`it('is one', () => expect(one).toBe(1))`),
      'packages/acme/test/bad.test.ts': test(
        `it('is two', () => expect(one).toBe(2))\nit.skip('waits', () => {})`,
      ),
      'packages/acme/test/lost.test.ts': test(
        `import '../src/index.ts'\nit('is lost', () => expect(one).toBe(1))`,
      ),
      'packages/acme/test/inside.test.ts': `throw new Error('this one does not run')`,
    })
    using outside = tree({
      'package.json': '{ "type": "module" }',
      'packages/acme/node_modules/acme/package.json': '{ "type": "module", "exports": "./index.js" }',
      'packages/acme/node_modules/acme/index.js': 'export const one = 1',
    })
    outside.linkTools()
    const files = ['bad', 'good', 'lost'].map((name) => `packages/acme/test/${name}.test.ts`)
    expect(await runPacked(workspace.root, outside.root, 'acme', files)).toEqual({
      files,
      passed: 1,
      failed: [
        expect.stringMatching(/^packages\/acme\/test\/bad.test.ts: is two\n.*expected 1 to be 2/),
        expect.stringMatching(/^packages\/acme\/test\/lost.test.ts: could not be loaded\n.*index.ts/),
      ],
      skipped: ['packages/acme/test/bad.test.ts: waits'],
    })
  })
})
