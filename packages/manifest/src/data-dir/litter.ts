import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isLitter } from './lock.ts'
import { newFile } from './node-id.ts'

/** Removes what a process left behind that was killed in the middle of a start. Only the owner of the folder may. */
export function sweepLitter(dataDir: string): void {
  rmSync(newFile(dataDir), { recursive: true, force: true })
  for (const name of readdirSync(dataDir))
    if (isLitter(dataDir, name)) rmSync(join(dataDir, name), { recursive: true, force: true })
}
