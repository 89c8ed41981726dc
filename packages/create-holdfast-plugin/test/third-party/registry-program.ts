// A registry on loopback, in a process of its own that ends with the one that started it. Arguments: a folder for
// what it keeps, the registry that it asks for the packages of others, and the proxy on the way there, if there is one.
import { join } from 'node:path'
import { runServer } from 'verdaccio'

const [folder = '', uplink = '', proxy = ''] = process.argv.slice(2)
process.on('disconnect', () => process.exit())

const everybody = { access: '$all', publish: '$all', unpublish: '$all' }
const server = await runServer({
  self_path: folder,
  storage: join(folder, 'storage'),
  uplinks: { others: { url: uplink, cache: true, timeout: '60s', maxage: '1h' } },
  packages: {
    // Ours and the third party's are nowhere else: nobody is asked for them.
    '@holdfast/*': everybody,
    '@acme/*': everybody,
    holdfast: everybody,
    'create-holdfast-plugin': everybody,
    '**': { access: '$all', proxy: 'others' },
  },
  log: { type: 'stdout', format: 'json', level: 'error' },
  ...(proxy !== '' && { https_proxy: proxy, http_proxy: proxy, no_proxy: 'localhost,127.0.0.1' }),
  web: { enable: false },
  max_body_size: '50mb',
} as never)
const listening = server.listen(0, '127.0.0.1', () => {
  const { port } = listening.address() as { port: number }
  process.send?.(`http://127.0.0.1:${port}/`)
})
