import { definePlugin, type Plugin } from '@holdfast/core'
import { retention } from '@holdfast/plugin-retention'
import type { Life } from './life.ts'
import type { SharedLog } from './log.ts'
import type { World } from './world.ts'

export function storePlugin(life: Life): Plugin {
  return definePlugin({
    name: 'simulated-store',
    id: 'store',
    version: '1.0.0',
    api: '1.0',
    provides: ['backend'],
    setup: ({ provide }) => provide('backend', () => life.store.backendOf(life)),
  })
}

export function logPlugin(log: SharedLog, life: Life): Plugin {
  return definePlugin({
    name: 'simulated-log',
    id: 'log',
    version: '1.0.0',
    api: '1.0',
    provides: ['log'],
    setup: ({ provide }) => provide('log', () => log.clientOf(life)),
  })
}

export function expiry(eraseDelay: number): Plugin {
  return retention({
    policies: [{ id: 'logs', match: 'logs/**', maxAge: '1h', minAge: 0 }],
    eraseDelay,
  })
}

/** Sees what a consumer of the node's events sees: what it was told must never be taken back. And is asked by the gate. */
export function consumer(world: World, life: Life): Plugin {
  const { witness } = life.machine
  return definePlugin({
    name: 'simulated-consumer',
    id: 'consumer',
    version: '1.0.0',
    api: '1.0',
    setup: ({ hooks }) => {
      hooks.gate.tap(async (request) => world.gatekeeper.answer(request, life))
      hooks.onManifestBatch.tap({}, async (event) => {
        if (event.type !== 'reset' && !life.isDead) witness.told(event.position.index)
      })
      hooks.onFileDeleted.tap({}, async ({ key }) => {
        if (!life.isDead) world.watched(() => witness.toldDeleted(key))
      })
    },
  })
}
