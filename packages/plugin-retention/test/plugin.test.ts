import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { describePlugin } from '@holdfast/testkit'
import { subject, surroundings } from './plugin-suite/subject.ts'

const { resolve } = createRequire(import.meta.url)

describePlugin('retention', subject, {
  ...surroundings,
  packageJson: pathToFileURL(resolve('@holdfast/plugin-retention/package.json')),
  program: new URL('plugin-suite/program.ts', import.meta.url),
  knobs: { policies: [{ id: 'all', match: '**', maxAge: '1d' }] },
})
