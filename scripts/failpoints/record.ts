// Loaded before everything else in each process of a run of the tests (NODE_OPTIONS): notes the failpoints whose action
// happens. Core tells of it just before, so the note is there when the action is to kill the process.
import { subscribe } from 'node:diagnostics_channel'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.env.HOLDFAST_FAILPOINT_CENSUS
if (folder !== undefined)
  subscribe('@holdfast/core:failpoint', (fired) => {
    writeFileSync(join(folder, (fired as { readonly name: string }).name), '')
  })
