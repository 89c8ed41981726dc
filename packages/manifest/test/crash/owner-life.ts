// Arguments: the folder of the node, and perhaps a failpoint at which this process stops itself once (SIGSTOP). Takes
// one command a line on standard input and answers each with a line of JSON; ends when its input does.
import { createInterface } from 'node:readline'
import { type FailpointName, FailpointRegistry, isHoldfastError } from '@holdfast/core'
import { nodeIn } from './node.ts'

const [folder = '', stopAt] = process.argv.slice(2)
const failpoints = new FailpointRegistry()
const node = await nodeIn(folder, failpoints).start()
const stopItself = () => void process.kill(process.pid, 'SIGSTOP')

const commands: Record<string, (path: string) => Promise<unknown>> = {
  write: async (path) => (await node.files.write(path, path)).key,
  delete: (path) => node.files.delete(path, { delay: 0 }),
  drain: () => node.eraser.drain(),
  gate: async () => node.gate.check({ action: 'erase', actor: 'user' }),
  run: async () => (await node.jobs.run('expiry', { before: 1, act: true })).outcome,
  plan: async () => (await node.jobs.plan('expiry', { before: 1 })).id,
  cursor: async () => node.service('batches').save(node.service('batches').consumers()),
  arm: async () => void failpoints.arm(stopAt as FailpointName, { kind: 'callback', call: stopItself }),
  stop: () => node.stop(),
}

console.log(JSON.stringify({ started: process.pid }))
for await (const line of createInterface({ input: process.stdin })) {
  const [command = '', path = ''] = line.split(' ')
  try {
    console.log(JSON.stringify({ answer: (await commands[command]?.(path)) ?? null }))
  } catch (error) {
    console.log(JSON.stringify({ code: isHoldfastError(error) ? error.code : String(error) }))
  }
}
await node.stop()
