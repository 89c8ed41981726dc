import { type Knob, shape } from '@holdfast/core'
import { describeBroken } from './base/describe-broken.ts'

const DAY = 86_400_000

/** Takes `30d` and believes that everything is such a text. */
const maxAge: Knob<number> = shape({
  doc: 'Files whose newest row is older than this go.',
  takes: 'days, such as 30d',
  default: '30d',
  read: (value) => Number((value as string).replace('d', '')) * DAY,
})

describeBroken(() => ({ spec: { config: { maxAge } } }))
