// A program around a node, in one of some scenes. Run by signals.test.ts.
import { join } from 'node:path'
import { createNode, definePlugin, type PlanItem, type Plugin, runUntilSignal } from '@holdfast/core'
import { standalone } from 'holdfast'

export type Scene = 'busy' | 'stuck' | 'idle' | 'starting' | 'failing' | 'unstarted' | 'unstoppable'

const [scene, folder = '.'] = process.argv.slice(2) as [Scene, string]
const say = (line: string) => void process.stdout.write(`${line}\n`)
const SIGNALS = ['SIGTERM', 'SIGINT'] as const
const signalled = Promise.withResolvers<void>()

/** A part of the program that sees how the node lives. */
function witness(): Plugin {
  return definePlugin({
    name: 'witness',
    id: 'witness',
    version: '1.0.0',
    api: '1.0',
    needs: ['manifest'],
    setup({ jobs, onStart, onStop }) {
      jobs.define({
        name: 'work',
        doc: 'Runs until the signal has been seen, or for ever.',
        action: 'condemn',
        async *plan() {
          say('job runs')
          await signalled.promise
          if (scene === 'stuck') await new Promise(() => undefined)
          yield [] as PlanItem[]
        },
        act: async () => ({ done: { files: 0, bytes: 0, rows: 0 }, skipped: {} }),
      })
      onStop(() => {
        if (scene === 'unstoppable') throw new Error('no luck')
        say('closed')
      })
      onStart(async (_services, { signal }) => {
        if (scene === 'failing') throw new Error('no luck')
        if (scene !== 'starting') return
        say('starting')
        // Nothing but the stop that the signal brings ends this.
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      })
    },
  })
}

const node = createNode({
  plugins: [...standalone({ dataDir: join(folder, 'data'), root: join(folder, 'files') }), witness()],
  log: 'silent',
})

if (scene !== 'unstarted') {
  const running = runUntilSignal(node)
  if (scene === 'busy' || scene === 'stuck') {
    // Called after the node's own listener, and gone with the first signal.
    const onSignal = () => {
      for (const name of SIGNALS) process.off(name, onSignal)
      say('signal seen')
      signalled.resolve()
    }
    for (const name of SIGNALS) process.on(name, onSignal)
    await node.start()
    void node.jobs.run('work', { act: true }).then(({ outcome }) => say(`job ${outcome.status}`))
  } else if (scene === 'idle' || scene === 'unstoppable') void node.start().then(() => say('idle'))
  await running.catch((error: Error) => {
    say(`failed: ${error.message}`)
    process.exitCode = 1
  })
}
say(`listeners ${SIGNALS.map((name) => process.listenerCount(name)).join(' ')}`)
