import { defineConfig } from 'tsup'
import { base } from '../../tsup.base.ts'

export default defineConfig({
  ...base,
  entry: { index: 'src/index.ts', main: 'src/main.ts', examiner: 'src/doctor/examiner.ts' },
})
