import { jsonLines } from './place.ts'

/** A third party's plugin with two jobs: `tidy` plans, `stamp` only runs, for as many chunks as it is asked. */
export const JOBS = {
  'node_modules/acme-jobs/package.json': { name: 'acme-jobs', type: 'module', exports: './index.js' },
  'node_modules/acme-jobs/index.js': `
    import { definePlugin, text, totalsOf } from '@holdfast/core'
    import { setTimeout } from 'node:timers/promises'
    export const plugin = (options = {}) => definePlugin({
      name: 'acme-jobs', id: 'acme-jobs', version: '1.0.0', api: '1.0', needs: ['manifest'], options,
      config: { token: text({ doc: 'A key.', takes: 'a text', default: 'none', secret: true }) },
      setup({ jobs }) {
        jobs.define({
          name: 'tidy', doc: 'Removes drafts.', action: 'condemn', limits: { files: 3 },
          check: ({ slow: _, ...other }) => Object.keys(other).map((name) => name + ' is unknown'),
          async *plan({ slow = 0 }, { services, signal, population }) {
            if (slow > 0) process.stderr.write('tidy plans\\n')
            await setTimeout(slow, undefined, { signal })
            const { items } = services.manifest.entries({ prefix: 'drafts/' })
            population('drafts', items.length)
            yield items.map(({ path, key, generation, namespace, size }) => ({ path, key, generation, namespace, size, reason: 'tidy' }))
          },
          async act(chunk, { services, fence, run, signal }) {
            const ops = chunk.map(({ key, generation }) => ({ type: 'condemn', key, generation, delay: 3600000, reason: 'tidy', run }))
            const { outcomes } = await services.manifest.commit({ ops, fence }, { signal })
            const done = chunk.filter((_, at) => outcomes[at].status === 'done')
            return { done: totalsOf(done), skipped: done.length < chunk.length ? { changed: chunk.length - done.length } : {} }
          },
        })
        jobs.define({
          name: 'stamp', doc: 'Takes its time.', action: 'condemn',
          async run({ chunks = 1, pause = 0 }, { gate, chunk, total }) {
            total(chunks)
            for (let at = 0; at < chunks; at++) {
              await gate()
              await setTimeout(pause)
              await chunk({ files: 1 })
            }
          },
        })
      },
    })`,
}

/** For `place`: a node that has them. */
export const WITH_JOBS = { plugins: ['acme-jobs'], beside: JOBS }

/** The run of `stamp`, if there is one now. */
export async function inFlight(hold: (args: readonly string[]) => Promise<{ readonly stdout: string }>) {
  const jobs = jsonLines<{ job: string; running?: object }>((await hold(['job', 'ls', '--json'])).stdout)
  return jobs.find(({ job }) => job === 'stamp')?.running
}
