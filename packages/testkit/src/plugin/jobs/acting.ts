import { type HoldfastNode, messageOf, type RunOptions } from '@holdfast/core'
import { expect } from 'vitest'

/** The record of a run; of one that was refused, a failure in the words of a law. */
export async function acting(
  node: HoldfastNode,
  job: string,
  request: object,
  breaks: (how: string) => string,
  options: RunOptions = {},
) {
  return node.jobs
    .run(job, { ...request, act: true }, options)
    .catch((error: unknown) => expect.fail(breaks(`its run was refused: ${messageOf(error)}`)))
}
