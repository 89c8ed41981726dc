export type { Audit } from './audit/audit.ts'
export type { AuditEvent, AuditEvents, AuditName, RunOfEvent } from './audit/events.ts'
export { backoff } from './backoff.ts'
export { compareBytes } from './byte-order.ts'
export { type Clock, sleep, systemClock, type Timer } from './clock.ts'
export type { ConfigEntry } from './config/configuration.ts'
export type { Bounds, ConfigOf, Knob, Knobs } from './config/knob.ts'
export { bool, bytes, duration, integer, oneOf, optional, shape, text } from './config/knobs.ts'
export type { Source } from './config/layers.ts'
export { suggestion } from './config/nearest.ts'
export type { Environment } from './config/section.ts'
export {
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
  type ErrorKind,
  HoldfastError,
  hasCode,
  isHoldfastError,
  messageOf,
} from './errors.ts'
export {
  type ArmOptions,
  type FailpointAction,
  type FailpointName,
  FailpointRegistry,
  type Failpoints,
  Rendezvous,
} from './failpoints.ts'
export type { ClockWatchOptions } from './gate/clock-watch.ts'
export { type Gate, gateDenied } from './gate/gate.ts'
export {
  type AbortReason,
  type Actor,
  type Denial,
  type GateAction,
  type GateActions,
  type GateRequest,
  soleNamespace,
  type Verdict,
} from './gate/request.ts'
export type { Roles, Standing } from './gate/roles.ts'
export {
  type BatchSource,
  type ConsumerName,
  type ConsumerRow,
  type Cursor,
  DURABLE_HOOKS,
  type DurableHook,
  type EventPage,
  type HookEvents,
} from './hooks/consumers.ts'
export type {
  CommittedBatch,
  DeletedFile,
  InspectedFile,
  ManifestEvent,
  ManifestReset,
  SnapshotIntent,
} from './hooks/events.ts'
export { floorOf } from './hooks/floor.ts'
export type {
  HookName,
  HookPort,
  HookPorts,
  TapContext,
  TapFunction,
  TapOptions,
} from './hooks/ports.ts'
export type { ConsumerState, ConsumerStatus, HooksStatus, NodeHooks, TapStatus } from './hooks/status.ts'
export { createIds, type Ids, ULID_PATTERN } from './ids.ts'
export { INSPECT_BYTES } from './inspection/bounded-file.ts'
export type { FileTimes } from './inspection/file-times.ts'
export type { FileInspection, Inspected } from './inspection/inspection.ts'
export type {
  ActContext,
  ChunkOutcome,
  JobDefinition,
  JobRequests,
  PlainContext,
  PlainJob,
  PlanContext,
  PlannedJob,
  RequestOf,
  StandingContext,
} from './jobs/definition.ts'
export type { JobStatus, Jobs, TickStatus } from './jobs/jobs.ts'
export { type Journal, RUNS_KEPT } from './jobs/journal.ts'
export { lifeKnobs, limitKnobs, type Off } from './jobs/knobs.ts'
export { LIMIT_NAMES, type LimitExcess, type LimitName, type Limits } from './jobs/limits.ts'
export { type Plan, type PlanItem, type PlanRecord, planUnknown, type Totals } from './jobs/plan.ts'
export type {
  BoundRequest,
  JobRun,
  RunControls,
  RunFacts,
  RunOptions,
  RunOutcome,
  RunProgress,
  RunRecord,
  RunRequest,
} from './jobs/run.ts'
export { totalsOf } from './jobs/totals.ts'
export type { NodeExplanation, PluginExplanation } from './kernel/explain.ts'
export { createNode, type HoldfastNode, type NodeOptions } from './kernel/node.ts'
export {
  definePlugin,
  isPlugin,
  type NodeFacts,
  type Plugin,
  type PluginContext,
  type PluginSpec,
} from './kernel/plugin.ts'
export { runUntilSignal } from './kernel/run-until-signal.ts'
export type { Service } from './kernel/service.ts'
export type { Need, Needed, Provided, ServiceName, Services } from './kernel/services.ts'
export { folderNamespace, hourlyLayout, type Layout, type LayoutFacts } from './layout.ts'
export { createLogger, type Logger, type LogLevel } from './log.ts'
export {
  CONDEMNED_AS,
  type Condemned,
  type CondemnedAs,
  type Entry,
  type EntryChanges,
  type KeyState,
  type NamespaceCounters,
  type NewEntry,
} from './manifest/entry.ts'
export type { DrainResult, Eraser, QueuedErase } from './manifest/eraser.ts'
export type {
  FileChanges,
  FileDeleteOptions,
  FileFacts,
  FileOutput,
  FileReplaceOptions,
  Files,
  FileUpdateOptions,
  FileWriteOptions,
  Replaced,
  Undone,
} from './manifest/files.ts'
export { type FloorProvider, lowestFloor, type TruncationFloor } from './manifest/floor.ts'
export type { Hold, HoldOptions, HoldResult, HoldScope, Holds, NewHold } from './manifest/holds.ts'
export {
  LOG_START,
  type Log,
  type LogAppendOptions,
  type LogCapabilities,
  type LogReadOptions,
  type LogRecord,
  type Position,
} from './manifest/log.ts'
export { logConflict, logDiverged, logGap, recordTooLarge } from './manifest/log-errors.ts'
export type {
  Acknowledgement,
  AgeQuery,
  KeyPage,
  KeyQuery,
  Manifest,
  ManifestHead,
  ManifestStatus,
  Page,
  PageQuery,
} from './manifest/manifest.ts'
export {
  type Batch,
  type CommitResult,
  type CondemnOp,
  type DoomOp,
  type ErasedOp,
  type Fence,
  type ForgetOp,
  type HoldOp,
  MAX_BATCH_OPS,
  type Op,
  type OpOutcome,
  type RegisterOp,
  type ReleaseOp,
  type ReplaceOp,
  type RoleOp,
  type SetOp,
  type SkipReason,
  type UndoOp,
  type UndoReplacementOp,
  type UpdateOp,
} from './manifest/ops.ts'
export type { JsonValue, Role, Setting } from './manifest/settings.ts'
export type { StateRow, StateRows } from './manifest/state-rows.ts'
export type { CounterName, GaugeName, HistogramName, LabelsOf, Metrics } from './metrics/catalogue.ts'
export type {
  Counter,
  Gauge,
  Histogram,
  MetricSeries,
  MetricSnapshot,
} from './metrics/registry.ts'
export { MetricsRegistry } from './metrics/registry.ts'
export {
  type FilePath,
  foldersOf,
  MAX_PATH_BYTES,
  MINT_BYTES,
  mintedPath,
  mintKey,
  type PathLimits,
  parseKey,
  parsePath,
  pathProblem,
  RESERVED_FOLDER,
  type StorageKey,
} from './paths.ts'
export type {
  Backend,
  BackendCapabilities,
  BackendErrorKind,
  BackendLimits,
  ByteSource,
  CallOptions,
  DeleteOutcome,
  DeleteTarget,
  ListField,
  ListOptions,
  ListPage,
  ReadOptions,
  Stored,
  WriteOptions,
  Written,
} from './storage/backend.ts'
export { type LayerParts, layered } from './storage/layers/layered.ts'
export { prefixed } from './storage/layers/prefixed.ts'
export type { StoreRate } from './storage/layers/rate.ts'
export type { Storage, StoreRecords } from './storage/storage.ts'
