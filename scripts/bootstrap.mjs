// Runs package scripts of this workspace on a machine that has only Node (18 or later) and npm:
// fetches pnpm through npx, installs what the lockfile says, then runs the scripts, which find the
// pinned Node 24 in node_modules/.bin.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { packageManager } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

function pnpm(...args) {
  const { status, error } = spawnSync('npx', ['--yes', packageManager, ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  if (error) console.error(`npx could not be started: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}

pnpm('install', '--frozen-lockfile')
for (const script of process.argv.slice(2)) pnpm('run', script)
