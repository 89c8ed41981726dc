import {
  type AuditName,
  bool,
  type ConfigOf,
  type CounterName,
  createNode,
  definePlugin,
  duration,
  type FailpointName,
  type Files,
  type GateAction,
  type GaugeName,
  type HoldfastNode,
  type LabelsOf,
  type Manifest,
  type Needed,
  oneOf,
  optional,
  type RequestOf,
  type Storage,
  text,
  type Verdict,
} from '@holdfast/core'
import { describe, expect, expectTypeOf, it } from 'vitest'

declare module '@holdfast/core' {
  interface GateActions {
    'acme.compact': true
  }
  interface JobRequests {
    'acme-compact': { readonly shelf: string }
  }
  interface Failpoints {
    'acme.compact.before': true
  }
}

const spec = { name: 'acme', id: 'acme', version: '1.0.0', api: '1.0' } as const
const assemble = (plugin: ReturnType<typeof definePlugin>) =>
  createNode({ plugins: [plugin], id: 'n', log: 'silent', env: {} })

describe('the types of a plugin', () => {
  it('[K-16] needs decide which services it gets, and how sure they are', () => {
    type Got = Needed<'manifest' | 'files?'>
    expectTypeOf<Got>().toEqualTypeOf<{ readonly manifest: Manifest; readonly files: Files | undefined }>()
    // Of a backend others get everything but its delete.
    expectTypeOf<Needed<'backend'>['backend']>().toEqualTypeOf<Storage>()
    expectTypeOf<Storage>().not.toHaveProperty('delete')
    const plugin = definePlugin({
      ...spec,
      needs: ['one?'],
      setup({ onStart }) {
        onStart((services) => {
          expectTypeOf(services).toEqualTypeOf<{ readonly one: { readonly name: string } | undefined }>()
          // @ts-expect-error it did not ask for it
          expect(services.manifest).toBeUndefined()
        })
      },
    })
    // @ts-expect-error no such service
    definePlugin({ ...spec, needs: ['nothing'], setup: () => undefined })
    return assemble(plugin).start()
  })

  it('[K-16] it hands over what it says that it provides', () => {
    const plugin = definePlugin({
      ...spec,
      provides: ['one'],
      setup({ provide }) {
        provide('one', () => ({ name: 'one' }))
        // @ts-expect-error it did not say so
        const unannounced = () => provide('two', () => ({ name: 'two' }))
        // @ts-expect-error the service has a name
        const nameless = () => provide('one', () => ({}))
        // @ts-expect-error a promise is no service
        const late = () => provide('one', async () => ({ name: 'one' }))
        return void [unannounced, nameless, late]
      },
    })
    expect(assemble(plugin)).toBeDefined()
    // @ts-expect-error no such service
    definePlugin({ ...spec, provides: ['nothing'], setup: () => undefined })
  })

  it('[K-16] its config has the types of its knobs', () => {
    const knobs = {
      delay: duration({ doc: 'A test.', default: '1h' }),
      watch: bool({ doc: 'A test.', default: false }),
      mode: oneOf(['fast', 'safe'], { doc: 'A test.', default: 'safe' }),
      label: optional(text({ doc: 'A test.' }), 'there is none'),
    }
    expectTypeOf<ConfigOf<typeof knobs>>().toEqualTypeOf<{
      readonly delay: number
      readonly watch: boolean
      readonly mode: 'fast' | 'safe'
      readonly label: string | undefined
    }>()
    const plugin = definePlugin({
      ...spec,
      config: knobs,
      setup({ config }) {
        expect(config).toEqual({ delay: 3_600_000, watch: false, mode: 'safe', label: undefined })
        expectTypeOf(config.mode).toEqualTypeOf<'fast' | 'safe'>()
        // @ts-expect-error no such knob
        expect(config.delai).toBeUndefined()
        // @ts-expect-error settings are not changed
        expect(() => (config.delay = 1)).toThrow(TypeError)
      },
    })
    expect(assemble(plugin)).toBeDefined()
  })

  it('[K-16] what it states about itself is checked', () => {
    // @ts-expect-error a contract version has two numbers
    definePlugin({ ...spec, api: '1', setup: () => undefined })
    // @ts-expect-error no such member
    definePlugin({ ...spec, hooks: [], setup: () => undefined })
    // @ts-expect-error no such failpoint
    definePlugin({ ...spec, failpoints: ['acme.compact.befor'], setup: () => undefined })
    const plugin = definePlugin({ ...spec, failpoints: ['acme.compact.before'], setup: () => undefined })
    expect(plugin.failpoints).toEqual(['acme.compact.before'])
  })
})

describe('names that packages add', () => {
  it('[K-16] actions of the gate', async () => {
    expectTypeOf<'condemn' | 'erase' | 'acme.compact'>().toExtend<GateAction>()
    expectTypeOf<'acme.compat'>().not.toExtend<GateAction>()
    await using node = await createNode({ plugins: [], id: 'n', log: 'silent' }).start()
    const verdict = await node.gate.check({ action: 'acme.compact', actor: 'user' })
    expect(verdict.allowed).toBe(true)
    // @ts-expect-error no such action
    const unknown = () => node.gate.check({ action: 'acme.compat', actor: 'user' })
    // @ts-expect-error nobody of this name acts
    const nobody = () => node.gate.check({ action: 'condemn', actor: 'robot' })
    expectTypeOf<Verdict['holder']>().toEqualTypeOf<string | undefined>()
    // @ts-expect-error only a denial has a reason
    const reason = () => verdict.reason
    expectTypeOf<Extract<Verdict, { allowed: false }>['retryAfter']>().toEqualTypeOf<number | undefined>()
    return void [unknown, nobody, reason]
  })

  it('[K-16] requests of jobs', () => {
    expectTypeOf<RequestOf<'acme-compact'>>().toEqualTypeOf<{ readonly shelf: string }>()
    expectTypeOf<RequestOf<'undeclared'>>().toEqualTypeOf<object>()
    const { jobs }: Pick<HoldfastNode, 'jobs'> = createNode({ plugins: [], id: 'n', log: 'silent' })
    const right = () => jobs.run('acme-compact', { shelf: 'a', act: true, cap: 1 })
    const bound = () => jobs.run('acme-compact', { plan: 'p', act: true, override: ['share'] })
    // @ts-expect-error its shelf is missing
    const incomplete = () => jobs.run('acme-compact', { act: true })
    // @ts-expect-error a shelf is a text
    const wrong = () => jobs.plan('acme-compact', { shelf: 1 })
    // @ts-expect-error what a plan is for was decided when it was made
    const both = () => jobs.run('acme-compact', { plan: 'p', shelf: 'a' })
    // @ts-expect-error limits are overridden for a plan that somebody has looked at
    const blind = () => jobs.run('acme-compact', { shelf: 'a', override: ['share'] })
    expect([right, bound, incomplete, wrong, both, blind]).toHaveLength(6)
  })

  it('[K-16] failpoints, audit events and metrics', () => {
    expectTypeOf<'acme.compact.before'>().toExtend<FailpointName>()
    expectTypeOf<'acme.compact.after'>().not.toExtend<FailpointName>()
    expectTypeOf<'run_started' | 'tick_denied'>().toExtend<AuditName>()
    expectTypeOf<'run_begun'>().not.toExtend<AuditName>()
    expectTypeOf<'holdfast_job_runs_total'>().toExtend<CounterName>()
    expectTypeOf<'holdfast_job_runs_total'>().not.toExtend<GaugeName>()
    expectTypeOf<LabelsOf<'holdfast_job_running'>>().toEqualTypeOf<{ readonly job: string }>()
    // The compiler has judged; the runner wants to see something.
    expect(expectTypeOf).toBeDefined()
  })
})
