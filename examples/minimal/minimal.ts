import { createNode } from '@holdfast/core'
import { retention } from '@holdfast/plugin-retention'
import { standalone } from 'holdfast'

const node = await createNode({
  plugins: [
    ...standalone({ dataDir: './data', root: './files' }),
    retention({ policies: [{ id: 'raw', match: '**', maxAge: '90d' }] }),
  ],
}).start()
await node.files.write('sales/2026/11/20/15/a.csv', 'a,b\n1,2\n')
for await (const file of node.files.list({ prefix: 'sales/' })) console.log(file.path, file.size)
console.log(await node.jobs.plan('retention'))
await node.stop()
