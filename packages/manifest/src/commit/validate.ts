import { type Batch, HoldfastError, MAX_BATCH_OPS, type Op, ULID_PATTERN } from '@holdfast/core'
import { count, text } from './validate-entry.ts'
import { opProblems } from './validate-op.ts'

const OPS_WITH_FENCE: readonly Op['type'][] = ['doom', 'erased', 'forget']

/**
 * Checks that a batch is well formed, which is the proposer's business alone: apply never judges it again.
 * @throws HF_BATCH_INVALID with every problem of the batch; nothing has changed
 */
export function validateBatch(batch: Batch): void {
  const problems = [...batchProblems(batch)]
  if (problems.length === 0) return
  throw new HoldfastError('HF_BATCH_INVALID', `the batch is malformed: ${problems.slice(0, 10).join('; ')}`, {
    operation: 'manifest.commit',
    context: { problems },
  })
}

function* batchProblems({ id, ops, fence }: Batch): Generator<string> {
  if (id !== undefined && !ULID_PATTERN.test(id)) yield 'its id is not a ULID'
  if (!Array.isArray(ops)) {
    yield 'it has no ops'
    return
  }
  if (ops.length > MAX_BATCH_OPS) yield `it has ${ops.length} ops, more than ${MAX_BATCH_OPS}`
  if (fence && (!text(fence.role) || !count(fence.epoch))) yield 'its fence has no role and epoch'
  const named: Names = { key: new Set(), path: new Set(), other: new Set() }
  for (let index = 0; index < ops.length; index++) {
    const op = ops[index] as Op
    let wrong = false
    for (const problem of opProblems(op)) {
      wrong = true
      yield `op ${index}: ${problem}`
    }
    if (!fence && OPS_WITH_FENCE.includes(op?.type)) yield `op ${index}: ${op.type} needs a fence`
    // What a malformed op names cannot be told.
    const twice = wrong ? undefined : namedTwice(op, named)
    if (twice !== undefined) yield `op ${index}: the ${twice} is named twice`
  }
}

type Names = Record<'key' | 'path' | 'other', Set<string>>

/** Notes what an op is about; gives what another op, or itself, was about before. */
function namedTwice(op: Op, names: Names): string | undefined {
  if (op.type === 'register')
    return note(names.key, op.entry.key, 'key') ?? note(names.path, op.entry.path, 'path')
  const key = (name: string) => note(names.key, name, 'key')
  const path = (name: string) => note(names.path, name, 'path')
  switch (op.type) {
    case 'undo':
      if ('replacement' in op)
        return note(names.other, `replacement ${op.replacement}`, 'replacement', op.replacement)
      return key(op.key) ?? (op.entry && path(op.entry.path))
    case 'replace':
      for (const input of op.inputs) {
        const twice = key(input.key)
        if (twice !== undefined) return twice
      }
      for (const output of op.outputs) {
        const twice = key(output.key) ?? path(output.path)
        if (twice !== undefined) return twice
      }
      return undefined
    case 'hold':
    case 'release':
      return note(names.other, `hold ${op.id}`, 'hold', op.id)
    case 'role':
      return note(names.other, `role ${op.name}`, 'role', op.name)
    case 'set':
      return note(names.other, `setting ${op.name}`, 'setting', op.name)
    default:
      return key(op.key)
  }
}

function note(
  names: Set<string>,
  name: string,
  kind: string,
  shown: string | number = name,
): string | undefined {
  if (names.has(name)) return `${kind} ${shown}`
  names.add(name)
  return undefined
}
