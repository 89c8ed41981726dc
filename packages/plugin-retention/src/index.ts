export type { PolicyOptions } from './policy.ts'
export { type RetentionOptions, type RetentionRequest, retention, retention as plugin } from './retention.ts'
