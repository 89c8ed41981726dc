import { describe, expect, it } from 'vitest'
// The kernel of today has one contract version; the rule is for those to come.
import { apiProblem } from '../src/kernel/shape.ts'

describe('the api rule', () => {
  it('[K-03] below 1.0 the minor counts as the major', () => {
    expect(apiProblem('0.4', '0.4')).toBeUndefined()
    expect(apiProblem('0.3', '0.4')).toMatch(/update the plugin/)
    expect(apiProblem('0.5', '0.4')).toMatch(/update @holdfast\/core/)
    expect(apiProblem('0.4', '1.0')).toMatch(/update the plugin/)
    expect(apiProblem('1.2', '1.4')).toBeUndefined()
    expect(apiProblem('2.0', '1.4')).toMatch(/update @holdfast\/core/)
    expect(apiProblem('1', '1.4')).toMatch(/state a contract version/)
  })
})
