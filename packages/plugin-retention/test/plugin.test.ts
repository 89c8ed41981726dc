import { describePlugin } from '@holdfast/testkit'
import { subject, surroundings } from './plugin-suite/subject.ts'

describePlugin('retention', subject, {
  ...surroundings,
  packageJson: new URL('../package.json', import.meta.url),
  program: new URL('plugin-suite/program.ts', import.meta.url),
  knobs: { policies: [{ id: 'all', match: '**', maxAge: '1d' }] },
})
