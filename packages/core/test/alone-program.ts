// Does one thing while nothing else keeps the process alive, and says that it has seen the end of it.
import { createNode, type Denial, definePlugin, type PlanItem, sleep, systemClock } from '@holdfast/core'

const [, , what] = process.argv
const path = 'ns/a' as PlanItem['path']
const key = 'ns/a' as PlanItem['key']
const item: PlanItem = { path, key, generation: 1, namespace: 'ns', size: 1, reason: 'test' }
const waits = (here: string, signal?: AbortSignal) =>
  what === here ? sleep(systemClock, 100, signal) : Promise.resolve()
const never = () => new Promise<never>(() => undefined)
const plugin = definePlugin({
  name: 'alone',
  id: 'alone',
  version: '1.0.0',
  api: '1.0',
  setup({ hooks, jobs }) {
    if (what === 'tap') hooks.gate.tap({ timeLimit: 100 }, () => never() as Promise<Denial | undefined>)
    jobs.define({
      name: 'alone',
      doc: 'Waits on the clock.',
      action: 'condemn',
      async *plan(_request, { signal }) {
        await waits('plan', signal)
        yield [item]
      },
      async act(chunk, { signal }) {
        await (what === 'stop' ? sleep(systemClock, 60_000, signal) : waits('act', signal))
        return { done: { files: chunk.length, bytes: 0, rows: 0 }, skipped: {} }
      },
    })
  },
})
const node = await createNode({ plugins: [plugin], id: 'n', log: 'silent', stopDeadline: 100 }).start()
const ask = async () => {
  if (what === 'tap') return (await node.gate.check({ action: 'condemn', actor: 'user' })).allowed
  if (what === 'plan') return (await node.jobs.plan('alone')).totals.files
  const run = node.jobs.run('alone', { act: true })
  if (what === 'stop') await node.stop()
  return (await run).outcome.status
}
console.log(await ask())
