import {
  type CondemnOp,
  type HoldOp,
  MAX_BATCH_OPS,
  type Op,
  pathProblem,
  type ReplaceOp,
  type SetOp,
  type UpdateOp,
} from '@holdfast/core'
import { partsOf } from '../format/hold.ts'
import { count, entryProblems, factProblems, keyProblems, text } from './validate-entry.ts'

/** Longest value of a setting, as JSON text in bytes. */
const SETTING_BYTES = 64 * 1024

/** What is malformed about an op. */
export function opProblems(op: Op): Iterable<string> {
  return op?.type === 'register' ? entryProblems(op.entry) : otherProblems(op)
}

function* otherProblems(op: Exclude<Op, { type: 'register' }>): Generator<string> {
  switch (op?.type) {
    case 'update':
      yield* updateProblems(op)
      return
    case 'condemn':
      yield* condemnProblems(op)
      return
    case 'undo':
      if ('replacement' in op) {
        if (!count(op.replacement)) yield 'its replacement is not a whole number'
        yield* leaveProblems(op)
        return
      }
      yield* keyProblems(op.key)
      if (op.entry === undefined) return
      yield* entryProblems(op.entry)
      if (op.entry?.key !== op.key) yield 'its entry has another key'
      return
    case 'replace':
      yield* replaceProblems(op)
      return
    case 'hold':
      yield* holdProblems(op)
      yield* currentProblems(op)
      return
    case 'release':
      if (!text(op.id)) yield 'it has no id'
      yield* currentProblems(op)
      return
    case 'doom':
      yield* keyProblems(op.key)
      if (op.keep !== undefined && !count(op.keep)) yield 'its keep is not a whole number of milliseconds'
      return
    case 'erased':
      yield* keyProblems(op.key)
      if (!count(op.keep)) yield 'its keep is not a whole number of milliseconds'
      return
    case 'forget':
      yield* keyProblems(op.key)
      return
    case 'role':
      if (!text(op.name)) yield 'it has no name'
      if (!text(op.holder)) yield 'it has no holder'
      if (!count(op.epoch) || op.epoch === 0) yield 'its epoch is not a whole number from 1'
      return
    case 'set':
      yield* setProblems(op)
      return
    default:
      yield `its type ${JSON.stringify((op as { type?: unknown } | undefined)?.type)} is unknown`
  }
}

function* updateProblems({ key, generation, changes }: UpdateOp): Generator<string> {
  yield* keyProblems(key)
  if (!count(generation)) yield 'its generation is not a whole number'
  if (typeof changes !== 'object' || changes === null || Object.keys(changes).length === 0) {
    yield 'it has no changes'
    return
  }
  for (const field of ['path', 'key', 'size', 'checksum']) if (field in changes) yield `the ${field} stays`
  if (changes.namespace !== undefined && !text(changes.namespace)) yield 'its namespace is not a text'
  // Null takes a field away.
  const given = Object.entries(changes).filter(([, value]) => value !== null)
  yield* factProblems(Object.fromEntries(given))
}

function* condemnProblems(op: CondemnOp): Generator<string> {
  yield* keyProblems(op.key)
  yield* leaveProblems(op)
  if (op.generation !== undefined && !count(op.generation)) yield 'its generation is not a whole number'
  if (op.erase !== undefined && op.erase !== false) yield 'its erase can only be false'
  if (!op.unlisted) return
  if (op.generation !== undefined) yield 'an unlisted key has no generation'
  if (op.erase === false) yield 'the bytes of an unlisted key are not missing'
  if (!text(op.unlisted.storeId)) yield 'its unlisted key has no store'
  if (op.unlisted.size !== undefined && !count(op.unlisted.size))
    yield 'its unlisted size is not a whole number'
  if (op.unlisted.version !== undefined && !text(op.unlisted.version))
    yield 'its unlisted version is not a text'
}

/** What every op says that sends keys on their way out. */
function* leaveProblems(op: { delay: number; reason: string; run?: string }): Generator<string> {
  if (!count(op.delay)) yield 'its delay is not a whole number of milliseconds'
  if (!text(op.reason)) yield 'it has no reason'
  if (op.run !== undefined && !text(op.run)) yield 'its run is not a text'
}

function* replaceProblems(op: ReplaceOp): Generator<string> {
  if (!Array.isArray(op.inputs) || op.inputs.length === 0 || op.inputs.length > MAX_BATCH_OPS)
    yield `it needs 1 to ${MAX_BATCH_OPS} inputs`
  else
    for (const input of op.inputs) {
      yield* keyProblems(input?.key)
      if (!count(input?.generation)) yield 'the generation of an input is not a whole number'
    }
  if (!Array.isArray(op.outputs) || op.outputs.length === 0 || op.outputs.length > MAX_BATCH_OPS)
    yield `it needs 1 to ${MAX_BATCH_OPS} outputs`
  else for (const output of op.outputs) yield* entryProblems(output)
  yield* leaveProblems(op)
}

/** What is malformed about a rule. */
export function* holdProblems({
  id,
  scope,
  owner,
  expiresAt,
}: Omit<HoldOp, 'type' | 'current'>): Generator<string> {
  if (!text(id)) yield 'it has no id'
  if (!text(owner)) yield 'it has no owner'
  if (expiresAt !== undefined && !count(expiresAt)) yield 'its expiresAt is not whole milliseconds since 1970'
  const kinds = ['path', 'folder', 'key', 'namespace', 'run']
  const [kind, ...more] = Object.keys(scope ?? {})
  if (kind === undefined || more.length > 0 || !kinds.includes(kind)) {
    yield 'its scope is not one of path, folder, key, namespace and run'
    return
  }
  const { name } = partsOf(scope)
  if (kind === 'namespace' || kind === 'run') {
    if (!text(name)) yield `its ${kind} is not a text`
    return
  }
  const problem = pathProblem(name)
  if (problem) yield `its ${kind} cannot be used: ${problem}`
}

function* currentProblems({ id, current }: Pick<HoldOp, 'id' | 'current'>): Generator<string> {
  if (current === undefined || current === null) return
  for (const problem of holdProblems({ ...current, id })) yield `of its current rule: ${problem}`
}

function* setProblems({ name, value, generation }: SetOp): Generator<string> {
  if (!text(name)) yield 'it has no name'
  if (generation !== undefined && !count(generation)) yield 'its generation is not a whole number'
  if (value === undefined) return
  let json: string | undefined
  try {
    json = JSON.stringify(value)
  } catch {
    json = undefined
  }
  if (json === undefined) yield 'its value is not JSON'
  else if (!json.isWellFormed() || Buffer.byteLength(json) > SETTING_BYTES)
    yield `its value is longer than ${SETTING_BYTES} bytes of JSON`
}
