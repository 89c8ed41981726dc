import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

/** Runs a program in which nothing but the node's work can keep the process alive. */
async function alone(what: string): Promise<string> {
  const program = fileURLToPath(new URL('alone-program.ts', import.meta.url))
  const node = ['--conditions=holdfast-source', program, what]
  return (await promisify(execFile)(process.execPath, node)).stdout.trim()
}

describe('a process with nothing else to do', () => {
  it('[K-05] lives until a gate tap that hangs has been given up', async () => {
    expect(await alone('tap')).toBe('false')
  })

  it('[R-14] lives until a plan has been made', async () => {
    expect(await alone('plan')).toBe('1')
  })

  it('[R-07] lives until a run has ended', async () => {
    expect(await alone('act')).toBe('completed')
  })

  it('[K-04] lives until a stop has waited for a run and cancelled it', async () => {
    expect(await alone('stop')).toBe('aborted')
  })
})
