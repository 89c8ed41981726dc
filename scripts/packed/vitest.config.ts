import { mergeConfig } from 'vitest/config'
import { project } from '../../vitest.base.ts'

// After all others: it runs suites of its own, some of which measure time.
export default mergeConfig(project('packed'), { test: { sequence: { groupOrder: 1 } } })
