// Makes the template of a backend from examples/custom-backend, which is compiled, linted and tested as it stands. Runs at
// every install and build of the workspace, on any Node: what it makes is in the tarball, and not in git.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const example = join(here, '..', '..', 'examples', 'custom-backend')
const template = join(here, 'templates', 'backend')

/** What the example is called, and the tokens of `src/files.ts` that stand for it. */
const NAMES = [
  ['@holdfast/example-custom-backend', '__name__'],
  ['backend-sqlite', '__id__'],
  ['backendSqlite', '__factory__'],
  ['BackendSqlite', '__Factory__'],
]

/** Its other tests are about SQLite, or need the workspace. */
const TESTS = ['backend.test.ts', 'plugin.test.ts']

make(
  'src',
  readdirSync(join(example, 'src')).filter((name) => name.endsWith('.ts')),
)
make('test', TESTS)

function make(folder, files) {
  rmSync(join(template, folder), { recursive: true, force: true })
  mkdirSync(join(template, folder), { recursive: true })
  for (const file of files) {
    let text = readFileSync(join(example, folder, file), 'utf8')
    for (const [name, token] of NAMES) text = text.replaceAll(name, token)
    writeFileSync(join(template, folder, file), text)
  }
}
