// Writes docs/configuration.md from the plugins' knobs; with `--check` it only says whether the page is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pageOf } from './configuration/page.ts'
import { documented } from './configuration/plugins.ts'
import { readArguments } from './workspace.ts'

const PAGE = 'docs/configuration.md'

async function problemsOf(root: string, check: boolean): Promise<string[]> {
  const plugins = await documented(root)
  if (plugins.length === 0) return ['there is no plugin to write about']
  const { page, unsaid } = pageOf(plugins)
  if (unsaid.length > 0) return [...unsaid]
  const file = join(root, PAGE)
  const stale = !existsSync(file) || readFileSync(file, 'utf8') !== page
  if (stale && check) return [`${PAGE} is stale: pnpm run configuration`]
  if (stale) writeFileSync(file, page)
  const knobs = plugins.flatMap((plugin) => Object.keys(plugin.knobs))
  console.log(
    `configuration: ${knobs.length} knobs of ${plugins.length} sections, ${stale ? 'written' : 'up to date'}`,
  )
  return []
}

const { root, has } = readArguments(['check'])
const problems = await problemsOf(root, has('check'))
for (const problem of problems) console.error(`configuration: ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1
