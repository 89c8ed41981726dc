// Whether docs/errors.md explains every error code that core declares, and no other.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readArguments } from './workspace.ts'

const DECLARED_IN = 'packages/core/src/errors.ts'
const EXPLAINED_IN = 'docs/errors.md'

async function declaredCodes(root: string): Promise<string[]> {
  const module: { ERROR_CODES?: Readonly<Record<string, unknown>> } = await import(
    pathToFileURL(join(root, DECLARED_IN)).href
  )
  return Object.keys(module.ERROR_CODES ?? {})
}

function explainedCodes(page: string): string[] {
  return [...page.matchAll(/^## (HF_\w+)/gm)].map((match) => match[1] ?? '')
}

async function problemsOf(root: string): Promise<string[]> {
  const declared = await declaredCodes(root)
  if (declared.length === 0) return [`${DECLARED_IN} declares no code in ERROR_CODES`]
  if (!existsSync(join(root, EXPLAINED_IN))) {
    return [`${EXPLAINED_IN} is missing: it needs a heading "## HF_..." for each of ${declared.length} codes`]
  }
  const explained = explainedCodes(readFileSync(join(root, EXPLAINED_IN), 'utf8'))
  console.log(`errors: ${declared.length} codes declared, ${explained.length} explained`)
  return [
    ...declared
      .filter((code) => !explained.includes(code))
      .map((code) => `${code} has no entry "## ${code}" in ${EXPLAINED_IN}`),
    ...explained
      .filter((code) => !declared.includes(code))
      .map((code) => `${EXPLAINED_IN} explains ${code}, which ${DECLARED_IN} does not declare`),
    ...explained
      .filter((code, index) => explained.indexOf(code) !== index)
      .map((code) => `${EXPLAINED_IN} explains ${code} twice`),
  ]
}

const problems = await problemsOf(readArguments().root)
for (const problem of problems) console.error(`errors: ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1
