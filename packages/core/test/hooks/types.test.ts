import {
  createNode,
  type DeletedFile,
  type Denial,
  type FileTimes,
  type GateRequest,
  type HookPorts,
  type InspectedFile,
  type ManifestEvent,
  type SnapshotIntent,
  type TapContext,
} from '@holdfast/core'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { plugin } from '../support.ts'

type Tapped<Hook extends keyof HookPorts> = Parameters<HookPorts[Hook]['tap']>

describe('the types of the hooks', () => {
  it('[K-16] a port has nothing but tap, and each hook says what its taps get and answer', () => {
    expectTypeOf<keyof HookPorts>().toEqualTypeOf<
      'gate' | 'onManifestBatch' | 'onFileDeleted' | 'beforeSnapshotWrite' | 'inspectFile'
    >()
    expectTypeOf<keyof HookPorts[keyof HookPorts]>().toEqualTypeOf<'tap'>()

    type Fn<Event, Result> = (event: Event, context: TapContext) => Promise<Result>
    expectTypeOf<Tapped<'gate'>[1]>().toEqualTypeOf<Fn<GateRequest, Denial | undefined>>()
    expectTypeOf<Tapped<'onManifestBatch'>[1]>().toEqualTypeOf<Fn<ManifestEvent, void>>()
    expectTypeOf<Tapped<'onFileDeleted'>[1]>().toEqualTypeOf<Fn<DeletedFile, void>>()
    expectTypeOf<Tapped<'beforeSnapshotWrite'>[1]>().toEqualTypeOf<Fn<SnapshotIntent, void>>()
    expectTypeOf<Tapped<'inspectFile'>[1]>().toEqualTypeOf<Fn<InspectedFile, FileTimes | undefined>>()
    expectTypeOf<TapContext['signal']>().toEqualTypeOf<AbortSignal>()
    // The compiler has judged; the runner wants to see something.
    expect(expectTypeOf).toBeDefined()
  })

  it('[K-16] wrong taps do not compile', () => {
    const wrong = plugin('w', ({ hooks }) => {
      // @ts-expect-error a synchronous function
      hooks.beforeSnapshotWrite.tap(() => undefined)
      // @ts-expect-error an answer where none is wanted
      hooks.beforeSnapshotWrite.tap(async () => 1)
      // @ts-expect-error times by another name
      hooks.inspectFile.tap(async () => ({ newest: 1 }))
      // @ts-expect-error the event of another hook
      hooks.beforeSnapshotWrite.tap(async (_event: DeletedFile) => undefined)
      // @ts-expect-error no such option
      expect(() => hooks.beforeSnapshotWrite.tap({ name: 'other' }, async () => undefined)).toThrow()
      // @ts-expect-error a port cannot be intercepted
      hooks.beforeSnapshotWrite.intercept
      // @ts-expect-error nor called
      hooks.onManifestBatch.promise
      // @ts-expect-error a reset must be told apart before the ops are looked at
      hooks.gate.tap(async () => (undefined as unknown as ManifestEvent).ops)
    })
    expect(createNode({ plugins: [wrong], id: 'n', log: 'silent' })).toBeDefined()
  })
})
