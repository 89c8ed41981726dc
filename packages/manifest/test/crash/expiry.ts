import { definePlugin, type Manifest, type PlanItem, type Plugin, totalsOf } from '@holdfast/core'

interface ExpiryRequest {
  /** Files whose newest row is older than this go; ms since 1970 UTC. */
  readonly before: number
}

declare module '@holdfast/core' {
  interface JobRequests {
    expiry: ExpiryRequest
  }
}

/** The smallest job that condemns by age, without delay: what the crash tests need of a retention. */
export function expiry(): Plugin {
  return definePlugin({
    name: 'expiry',
    id: 'expiry',
    version: '0.1.0',
    api: '1.0',
    needs: ['manifest'],
    setup({ jobs }) {
      jobs.define<ExpiryRequest>({
        name: 'expiry',
        doc: 'Deletes files whose newest row is older than asked.',
        action: 'condemn',
        async *plan({ before }, { services: { manifest } }) {
          for (const { namespace } of manifest.namespaces().items) yield expired(manifest, namespace, before)
        },
        async act(chunk, { services: { manifest }, fence, run, signal }) {
          const ops = chunk.map(({ key, generation, reason }) => ({
            type: 'condemn' as const,
            key,
            generation,
            delay: 0,
            reason,
            run,
          }))
          const { outcomes } = await manifest.commit({ ops, fence }, { signal })
          return {
            done: totalsOf(chunk.filter((_, index) => outcomes[index]?.status === 'done')),
            skipped: {},
          }
        },
      })
    },
  })
}

function expired(manifest: Manifest, namespace: string, before: number): PlanItem[] {
  return manifest.entriesByAge({ namespace, before }).items.map(({ path, key, generation, size }) => ({
    path,
    key,
    generation,
    namespace,
    size,
    reason: 'expired',
  }))
}
