import { type Backend, createIds, layered, MetricsRegistry, prefixed, systemClock } from '@holdfast/core'
import type { BackendFactory, BackendUnderTest } from './describe-backend.ts'

/**
 * How a suite looks at a backend: as it is; as a node has it, with core's layers round it; and as a part of a larger
 * store, under a prefix. The laws are the same.
 */
export const BACKEND_VARIANTS = {
  bare: (backend: Backend) => backend,
  wrapped: (backend: Backend) =>
    layered(backend, {
      clock: systemClock,
      ids: createIds(systemClock),
      metrics: new MetricsRegistry(),
      callTimeout: 60_000,
      retries: 3,
      rate: 'adaptive',
    }),
  'behind a prefix': (backend: Backend) => prefixed(backend, 'part of/a store'),
} as const
export type BackendVariant = keyof typeof BACKEND_VARIANTS

/** The same factory, with every backend that it makes seen in this way. */
export function factoryOf(variant: BackendVariant, factory: BackendFactory): BackendFactory {
  const seen = BACKEND_VARIANTS[variant]
  return async () => {
    const subject = await factory()
    const changed: BackendUnderTest = { ...subject, backend: seen(subject.backend) }
    const { reopen } = subject
    return reopen === 'none' ? changed : { ...changed, reopen: async () => seen(await reopen.call(subject)) }
  }
}
