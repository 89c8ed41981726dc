import { mergeConfig } from 'vitest/config'
import { project } from '../../vitest.base.ts'

// Apart from all others: it runs suites of its own, which take all processors and some of which measure time.
export default mergeConfig(project('packed'), { test: { sequence: { groupOrder: 1 } } })
