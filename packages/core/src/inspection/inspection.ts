import { HoldfastError } from '../errors.ts'
import type { InspectHook } from '../hooks/inspect-hook.ts'
import type { Entry } from '../manifest/entry.ts'
import type { CallOptions } from '../storage/backend.ts'
import type { Storage } from '../storage/storage.ts'
import { BoundedFile } from './bounded-file.ts'
import type { FileTimes } from './file-times.ts'

/** What came of looking into a file. */
export type Inspected =
  | { readonly status: 'known'; readonly times: FileTimes; readonly by: string }
  /** No plugin can tell. */
  | { readonly status: 'unknown' }
  /** The tap of this plugin failed: it threw, hung, or answered with what cannot be. */
  | { readonly status: 'failed'; readonly by: string; readonly why: string }
  /** The store does not give the bytes that are listed: HF_BYTES_MISSING, HF_BYTES_CORRUPT, HF_BACKEND. */
  | { readonly status: 'unreadable'; readonly error: HoldfastError }

/** Asks the taps of `inspectFile`. Changes nothing. */
export interface FileInspection {
  /** Whether there is a tap to ask. */
  readonly isTapped: boolean
  /** Asks the taps in order; the first that answers, or fails, decides. Rejects only when it is cancelled. */
  inspect(entry: Entry, options?: CallOptions): Promise<Inspected>
}

export function createInspection(hook: InspectHook, storage: () => Storage): FileInspection {
  return Object.freeze({
    get isTapped() {
      return hook.taps.length > 0
    },
    async inspect(entry: Entry, { signal }: CallOptions = {}): Promise<Inspected> {
      signal?.throwIfAborted()
      const file = new BoundedFile(entry, storage())
      const onAbort = () => file.close(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      try {
        const answer = await hook.ask(file.face, signal ? { signal } : {})
        signal?.throwIfAborted()
        if (file.failure) return { status: 'unreadable', error: file.failure }
        if (!answer) return { status: 'unknown' }
        return 'times' in answer ? { status: 'known', ...answer } : { status: 'failed', ...answer }
      } finally {
        signal?.removeEventListener('abort', onAbort)
        file.close(
          new HoldfastError('HF_STOPPED', 'the question about this file is answered', { kind: 'aborted' }),
        )
      }
    },
  })
}
