import { type Denial, definePlugin, type GateRequest, type Plugin } from '@holdfast/core'

export type Answer = (request: GateRequest) => Promise<Denial | undefined>

/** A plugin of the suite whose gate tap answers as the test says. It lets everything pass until then. */
export interface Gatekeeper {
  readonly plugin: Plugin
  answer: Answer
}

export function gatekeeper(): Gatekeeper {
  const keeper = { answer: (async () => undefined) as Answer }
  const plugin = definePlugin({
    name: 'the suite',
    id: 'suite-gatekeeper',
    version: '1.0.0',
    api: '1.0',
    setup: ({ hooks }) => hooks.gate.tap(async (request) => keeper.answer(request)),
  })
  return Object.assign(keeper, { plugin })
}

export const closed: Answer = async () => ({ deny: 'closed by the suite' })

/** A plugin of the suite all of whose taps fail, except that of the gate. */
export function stumbler(): Plugin {
  const fail = async () => {
    throw new Error('the suite fails this tap')
  }
  return definePlugin({
    name: 'the suite',
    id: 'suite-stumbler',
    version: '1.0.0',
    api: '1.0',
    setup({ hooks }) {
      hooks.onManifestBatch.tap(fail)
      hooks.onFileDeleted.tap(fail)
      hooks.beforeSnapshotWrite.tap(fail)
    },
  })
}
