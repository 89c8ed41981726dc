import { pathProblem } from '../../paths.ts'
import type { Backend, ListOptions } from '../backend.ts'
import { overlay } from './calls.ts'

/**
 * A part of a store as a store of its own: all that lies below a folder, under keys without it. Several nodes may so
 * share one bucket, each with its own identity record.
 * @throws TypeError when the folder could not be one in a key, or leaves no room for keys
 */
export function prefixed(backend: Backend, folder: string): Backend {
  const wrong = pathProblem(folder)
  if (wrong !== undefined)
    throw new TypeError(`${JSON.stringify(folder)} cannot be a folder of keys: ${wrong}`)
  const prefix = `${folder}/`
  const taken = Buffer.byteLength(prefix)
  const inner = (key: string) => prefix + key
  const own = (key: string) => key.slice(prefix.length)
  const ranged = ({ prefix: wanted = '', after, until, ...rest }: ListOptions): ListOptions => ({
    ...rest,
    prefix: inner(wanted),
    ...(after !== undefined && { after: inner(after) }),
    ...(until !== undefined && { until: inner(until) }),
  })
  const face = overlay(backend, {
    write: (key, source, options) => backend.write(inner(key), source, options),
    read: (key, options) => backend.read(inner(key), options),
    stat: (key, options) => backend.stat(inner(key), options),
    async *list(options = {}) {
      for await (const page of backend.list(ranged(options))) yield { ...page, keys: page.keys.map(own) }
    },
    async delete(targets, options) {
      const there = targets.map((target) => ({ ...target, key: inner(target.key) }))
      return (await backend.delete(there, options)).map((outcome) => ({ ...outcome, key: own(outcome.key) }))
    },
  })
  return Object.defineProperty(face, 'limits', {
    enumerable: true,
    get: () => ({ ...backend.limits, keyBytes: backend.limits.keyBytes - taken }),
  })
}
