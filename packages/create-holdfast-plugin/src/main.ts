#!/usr/bin/env node
import { relative } from 'node:path'
import { type Answers, answersFor, terminal } from './answers.ts'
import { readCommandLine, USAGE, UsageProblem } from './command-line.ts'
import { filesOf } from './files.ts'
import { NameProblem } from './names.ts'
import { ownVersion } from './versions.ts'
import { FolderNotEmpty, writePackage } from './write.ts'

const say = (text: string) => void process.stdout.write(`${text}\n`)

try {
  await main(process.argv.slice(2))
} catch (error) {
  const isOurs =
    error instanceof UsageProblem || error instanceof NameProblem || error instanceof FolderNotEmpty
  if (!isOurs) throw error
  process.stderr.write(`${error.message}\n${error instanceof UsageProblem ? `\n${USAGE}\n` : ''}`)
  process.exitCode = 1
}

async function main(args: readonly string[]): Promise<void> {
  const line = readCommandLine(args)
  if (line.help) return say(USAGE)
  if (line.version) return say(ownVersion())
  const asked = !line.yes && process.stdin.isTTY ? terminal(process.stdin, process.stdout) : undefined
  try {
    const answers = await answersFor(line, asked?.ask)
    writePackage(answers.folder, filesOf(answers))
    say(nextSteps(answers))
  } finally {
    asked?.close()
  }
}

function nextSteps({ folder, names, kind }: Answers): string {
  const path = relative(process.cwd(), folder) || '.'
  return `
${names.name} is in ${path}: a ${kind} that works, with its suite.

  cd ${path}
  npm install
  npm test

Then make it yours: ${kind === 'backend' ? 'src/backend.ts' : 'src/index.ts'}`
}
