import { operatingRules } from '@holdfast/example-custom-plugin'
import { describePlugin } from '@holdfast/testkit'

describePlugin('operating rules', () => operatingRules({ maintenance: '22:00-06:00' }), {
  packageJson: new URL('../package.json', import.meta.url),
  knobs: { maintenance: '08:00-09:30', licensedUntil: '2027-12-31' },
})
