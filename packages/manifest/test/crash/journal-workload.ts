// Argument: the folder of the node. Makes a plan, runs it, runs another of its own, removes the first. Says on standard
// output what it begins and what is done.
import { mkdirSync } from 'node:fs'
import { crashChild } from '@holdfast/testkit'
import { sweepNode } from './journal-node.ts'

const [folder = ''] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
const node = await sweepNode(folder, crashChild(), (run) => console.log(`chunk ${run}`)).start()
const plan = await node.jobs.plan('sweep')
console.log(`planned ${plan.id} ${plan.digest}`)
for (const request of [{ plan: plan.id, act: true }, { act: true }]) {
  const run = await node.jobs.run('sweep', request)
  console.log(`ran ${run.id}`)
}
console.log(`removing ${plan.id}`)
await node.service('journal').removePlan(plan.id)
console.log(`removed ${plan.id}`)
await node.stop()
