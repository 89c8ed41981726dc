import { check } from './check.ts'
import { acknowledge, retry, trustClock } from './cures.ts'
import * as files from './files.ts'
import * as holds from './holds.ts'
import * as jobs from './jobs.ts'
import type { Operation } from './operation.ts'
import * as removal from './removal.ts'
import * as retention from './retention.ts'
import { status } from './status.ts'

/** Everything that the command can ask of a node, by name. */
export const OPERATIONS = {
  status,
  check,
  'files.ls': files.ls,
  'files.stat': files.stat,
  'files.put': files.put,
  'files.get': files.get,
  'files.rm': removal.rm,
  'files.undo': removal.undo,
  'hold.ls': holds.list,
  'hold.add': holds.add,
  'hold.rm': holds.release,
  'job.ls': jobs.list,
  'job.show': jobs.show,
  'job.plan': jobs.plan,
  'job.planned': jobs.planned,
  'job.run': jobs.run,
  'job.cancel': jobs.cancel,
  'retention.policies': retention.policies,
  'retention.set': retention.set,
  'retention.remove': retention.remove,
  'retention.simulate': retention.simulate,
  explain: retention.explain,
  acknowledge,
  'trust-clock': trustClock,
  retry,
} as const satisfies Record<string, Operation<never, unknown, unknown>>

type Operations = typeof OPERATIONS
export type OperationName = keyof Operations
export type RequestOf<N extends OperationName> = Parameters<Operations[N]>[1]
export type ItemOf<N extends OperationName> =
  ReturnType<Operations[N]> extends AsyncGenerator<infer Item> ? Item : never
export type ResultOf<N extends OperationName> =
  ReturnType<Operations[N]> extends AsyncGenerator<unknown, infer Result> ? Result : never

/** An operation by a name that came from outside; undefined when there is none. */
export function operationOf(name: string): Operation<object, unknown, unknown> | undefined {
  return Object.hasOwn(OPERATIONS, name)
    ? (OPERATIONS[name as OperationName] as unknown as Operation<object, unknown, unknown>)
    : undefined
}
