import { describePlugin } from '@holdfast/testkit'
import { __factory__ } from '__name__'

describePlugin('__id__', () => __factory__({ until: '2027-12-31' }), {
  packageJson: new URL('../package.json', import.meta.url),
  knobs: { until: '2030-01-01' },
})
