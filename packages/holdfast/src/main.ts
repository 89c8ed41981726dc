#!/usr/bin/env node
// Only what an old Node can read: it says what is wrong before anything else is loaded.
import { platformProblem } from './platform.ts'

const problem = platformProblem(process)
if (problem === undefined) await (await import('./program.ts')).main(process.argv)
else {
  process.stderr.write(`${problem}\n`)
  process.exitCode = 1
}
