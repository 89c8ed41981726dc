export {
  type BackendFactory,
  type BackendUnderTest,
  type DescribeBackendOptions,
  describeBackend,
} from './backend/describe-backend.ts'
export {
  backendMemory,
  type MemoryBackendOptions,
  MemoryObjects,
  memoryBackend,
} from './backend-memory.ts'
export type { ProgramOptions } from './crash/child-process.ts'
export { crashChild } from './crash/crash-child.ts'
export { type CrashOptions, type CrashOutcome, runUntilCrash } from './crash/run-until-crash.ts'
export { type KillOptions, type KillOutcome, runUntilKilled } from './crash/run-until-killed.ts'
export { FakeClock } from './fake-clock.ts'
