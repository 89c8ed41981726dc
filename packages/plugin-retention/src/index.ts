export type { KnownPolicy } from './book.ts'
export type { RetentionInspectRequest } from './inspect.ts'
export type { Because } from './judge.ts'
export type { Policy, PolicyOptions } from './policy.ts'
export { type RetentionOptions, type RetentionRequest, retention, retention as plugin } from './retention.ts'
export type {
  Explanation,
  PolicySays,
  Retention,
  SimulatedDay,
  Simulation,
  SimulationRequest,
} from './service.ts'
export type { Returned } from './undo.ts'
