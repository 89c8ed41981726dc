import type { Clock } from '../../clock.ts'
import type { Ids } from '../../ids.ts'
import type { MetricsRegistry } from '../../metrics/registry.ts'
import type { Backend } from '../backend.ts'
import { declaredOnly } from './declared.ts'
import { codedErrors } from './errors.ts'
import { checkedKeys } from './keys.ts'
import { measured } from './measured.ts'
import { RateLimiter, rateLimited, type StoreRate } from './rate.ts'
import { retrying } from './retry.ts'
import { timeLimited } from './time-limit.ts'

export interface LayerParts {
  readonly clock: Clock
  readonly ids: Ids
  readonly metrics: MetricsRegistry
  /** Longest time in which nothing of a call moves, ms. */
  readonly callTimeout: number
  /** Further tries of a call that failed with a retryable error. */
  readonly retries: number
  readonly rate: StoreRate
}

/**
 * What a node puts round every backend, so that none has to bring it. From the inside out: every failure has a code;
 * no call hangs; all callers together ask no faster than the store can take; what may succeed is tried again; it is
 * measured; and nothing comes in that the store does not declare or cannot keep.
 */
export function layered(backend: Backend, parts: LayerParts): Backend {
  const { clock, ids, metrics, callTimeout, retries, rate } = parts
  const retried = metrics.counter(
    'holdfast_backend_retries_total',
    'Calls of the store that were tried again.',
  )
  const coded = codedErrors(backend)
  const limited = timeLimited(coded, { clock, limit: callTimeout })
  const limiter = rate === 'off' ? undefined : new RateLimiter(clock, rate === 'adaptive' ? undefined : rate)
  const paced = limiter ? rateLimited(limited, limiter) : limited
  const onRetry = (call: string) => retried.add({ call })
  const tried = retrying(paced, { clock, ids, retries, onRetry })
  return checkedKeys(declaredOnly(measured(tried, { metrics, clock })))
}
