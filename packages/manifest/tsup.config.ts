import { defineConfig } from 'tsup'
import { base } from '../../tsup.base.ts'

export default defineConfig({
  ...base,
  entry: {
    index: 'src/index.ts',
    'walk-child': 'src/damage/walk-child.ts',
    'inspect-child': 'src/inspect/inspect-child.ts',
  },
})
