import { createHash } from 'node:crypto'
import type { Entry } from '@holdfast/core'
import { condemned, entries } from './scans.ts'
import type { State } from './state.ts'

/**
 * What users can see of the state, for comparing two runs that did the same in different ways: never keys, change
 * numbers or times of writing, which differ between any two runs.
 */
export function contentDigest(state: State): string {
  const hash = createHash('sha256')
  const add = (kind: string, { path, size, checksum, namespace, minTime, maxTime }: Entry) =>
    hash.update(`${kind}\0${path}\0${size}\0${checksum}\0${namespace}\0${minTime ?? ''}\0${maxTime ?? ''}\n`)
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = entries(state, cursor === undefined ? {} : { after: cursor })
    for (const entry of page.items) add('live', entry)
    cursor = page.next
  }
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = condemned(state, cursor === undefined ? {} : { after: cursor })
    for (const { entry } of page.items) if (entry) add('condemned', entry)
    cursor = page.next
  }
  return hash.digest('hex')
}
