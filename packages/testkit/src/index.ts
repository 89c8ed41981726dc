export { BACKEND_CASES, BACKEND_GROUPS, type BackendCases, type BackendGroup } from './backend/cases.ts'
export {
  type BackendFactory,
  type BackendUnderTest,
  type DescribeBackendOptions,
  describeBackend,
} from './backend/describe-backend.ts'
export { BACKEND_VARIANTS, type BackendVariant } from './backend/variants.ts'
export {
  backendMemory,
  type MemoryBackendOptions,
  type MemoryObject,
  MemoryObjects,
  memoryBackend,
} from './backend-memory.ts'
export { ClusterNode, type ClusterPlace } from './cluster/cluster-node.ts'
export { MemoryCluster, type MemoryClusterOptions, memoryCluster } from './cluster/memory-cluster.ts'
export type { ProgramOptions } from './crash/child-process.ts'
export { crashChild } from './crash/crash-child.ts'
export { type CrashOptions, type CrashOutcome, runUntilCrash } from './crash/run-until-crash.ts'
export { type KillOptions, type KillOutcome, runUntilKilled } from './crash/run-until-killed.ts'
export { FakeClock } from './fake-clock.ts'
export {
  type ClockOffset,
  type Delay,
  FAULTY_CALLS,
  type Failure,
  type Fault,
  FaultPlan,
  type FaultyCall,
  type LostAnswer,
  type ShortPages,
  type StaleListing,
} from './faults/fault-plan.ts'
export { faultyBackend, withFaults } from './faults/faulty-backend.ts'
export { keptObjects } from './kept-objects.ts'
export {
  type DescribeLogOptions,
  describeLog,
  type LogFactory,
  type LogUnderTest,
} from './log/describe-log.ts'
export { LOG_LAWS, type LogLaw } from './log/laws.ts'
export type { HeldAppend } from './log-memory/faults.ts'
export { MemoryLog, type MemoryLogOptions, memoryLog } from './log-memory/memory-log.ts'
export { describePlugin } from './plugin/describe-plugin.ts'
export { LAWS, type Law } from './plugin/laws.ts'
export type {
  DescribePluginOptions,
  PackageMetadata,
  PluginFactory,
  PluginSurroundings,
} from './plugin/options.ts'
export { pluginProgram } from './plugin/plugin-program.ts'
export type { DiskStep } from './power/durable-disk.ts'
export { type DiskRecording, type RecordOptions, recordDisk, whyNoRecording } from './power/record-disk.ts'
export { createTestNode, type TestNode, type TestNodeOptions } from './test-node/create-test-node.ts'
export { digestOf, type TestDigest } from './test-node/digest.ts'
export type { TestPlugins } from './test-node/place.ts'
