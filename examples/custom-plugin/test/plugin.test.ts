import { describePlugin } from '@holdfast/testkit'
import { subject, surroundings } from './subject.ts'

describePlugin('operating rules', subject, {
  ...surroundings,
  packageJson: new URL('../package.json', import.meta.url),
  program: new URL('program.ts', import.meta.url),
  knobs: { maintenance: '08:00-09:30', licensedUntil: '2027-12-31' },
})
