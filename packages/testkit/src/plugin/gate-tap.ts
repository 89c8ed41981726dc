import type { GateAction, GateRequest } from '@holdfast/core'
import { expect, it } from 'vitest'
import { LAWS } from './laws.ts'
import type { Opened, Subject } from './subject.ts'
import { within } from './within.ts'

const CORE_ACTIONS: readonly GateAction[] = ['condemn', 'erase']

/** Asked of the tap itself: the gate turns every bad answer into a denial, which would hide the mistake. */
export function gateTap(subject: Subject): void {
  const wrong = (how: string) => subject.breaks('tap', how)
  const { tapLimit = 1000, actions = [] } = subject.options

  it(`[K-06] ${LAWS.tap}`, async () => {
    await using opened = await subject.open()
    const { digest } = opened.test
    const before = await digest()
    for (const request of requestsOf(opened, actions))
      for (const { fn: tap } of opened.seen.taps.filter(({ hook }) => hook === 'gate')) {
        const asked = `action ${request.action}${request.chunk === undefined ? '' : `, chunk ${request.chunk}`}`
        const answer = await within(tapLimit, () => tap(request, { signal: new AbortController().signal }))
        expect(
          answer.settled,
          wrong(`its tap has not answered ${asked} in ${tapLimit} ms; the node would deny everything`),
        ).toBe(true)
        const { value, error } = answer
        expect(error, wrong(`its tap throws at ${asked}; the node would deny with "its tap failed"`)).toBe(
          undefined,
        )
        expect(
          isAnswer(value),
          wrong(`its tap answers ${asked} with ${JSON.stringify(value)}: give { deny: 'why' } or undefined`),
        ).toBe(true)
      }
    expect((await digest()).state, wrong('asking its tap changes what the node holds')).toBe(before.state)
  })
}

function requestsOf({ seen, node }: Opened, more: readonly GateAction[]): GateRequest[] {
  const ofJobs = seen.jobs.flatMap(({ action }) => (action === undefined ? [] : [action]))
  const known = [...new Set([...CORE_ACTIONS, ...ofJobs, ...more])]
  const job = node.jobs.names()[0] ?? 'suite'
  return known.flatMap((action): GateRequest[] => [
    { action, actor: 'user' },
    { action, actor: 'schedule', job, run: 'suite', dryRun: true },
    { action, actor: 'schedule', job, run: 'suite', chunk: 0, namespace: 'suite' },
  ])
}

function isAnswer(value: unknown): boolean {
  if (value === undefined) return true
  if (typeof value !== 'object' || value === null) return false
  const { deny, retryAfter } = value as { readonly deny?: unknown; readonly retryAfter?: unknown }
  if (typeof deny !== 'string' || deny === '') return false
  return retryAfter === undefined || (Number.isFinite(retryAfter) && (retryAfter as number) >= 0)
}
