import { type Fence, type Gate, gateDenied, type StorageKey, soleNamespace } from '@holdfast/core'
import { orUnreadable } from '../format/bytes.ts'
import type { Opened } from '../opened.ts'

export interface PermissionParts {
  readonly opened: () => Pick<Opened, 'state'>
  readonly gate: Gate
}

/** Asks the gate anew for every pass, about the keys that it would doom or delete. */
export class Permission {
  readonly #parts: PermissionParts
  readonly #stopping: AbortSignal
  #passes = 0

  constructor(parts: PermissionParts, stopping: AbortSignal) {
    this.#parts = parts
    this.#stopping = stopping
  }

  /** `mayDoom`: not only what is doomed already. Gives what the ops of the pass carry. @throws HF_GATE_DENIED */
  async ask(keys: Iterable<StorageKey>, mayDoom: boolean): Promise<Fence> {
    const namespace = soleNamespace(this.#namespaces(keys))
    const request = {
      action: 'erase',
      actor: 'node',
      job: 'eraser',
      chunk: this.#passes++,
      ...(!mayDoom && { doomed: true }),
      ...(namespace !== undefined && { namespace }),
    } as const
    const verdict = await this.#parts.gate.check(request, { signal: this.#stopping })
    if (!verdict.allowed) throw gateDenied(verdict, 'eraser')
    return { role: verdict.role, epoch: verdict.epoch }
  }

  /** Of what was never listed, no namespace is known; nor of what cannot be read. */
  *#namespaces(keys: Iterable<StorageKey>): Generator<string | undefined> {
    const { state } = this.#parts.opened()
    for (const key of keys) {
      const known = orUnreadable(() => state.key(key))
      yield known && known !== 'unreadable' && 'entry' in known ? known.entry?.namespace : undefined
    }
  }
}
