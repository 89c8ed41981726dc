import { mergeConfig } from 'vitest/config'
import testkit from '../../../vitest.config.ts'

/** The broken backends, which no other run looks at: every file is to fail. Run from the folder that they are in. */
export default mergeConfig(testkit, {
  // Not a node_modules folder among the backends.
  cacheDir: '../../node_modules/.vite',
  test: { name: 'broken-backends', include: ['*.ts'] },
})
