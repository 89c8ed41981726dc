import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { FailpointRegistry } from '@holdfast/core'
import { type CrashOptions, runUntilCrash, runUntilKilled } from '@holdfast/testkit'
import { describe, expect, it } from 'vitest'

declare module '@holdfast/core' {
  interface Failpoints {
    'test.point': true
  }
}

const TESTKIT = pathToFileURL(createRequire(import.meta.url).resolve('@holdfast/testkit')).href

/** A program in a file of its own. */
async function programOf(text: string): Promise<{ readonly file: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-crash-'))
  const file = join(folder, 'program.ts')
  await writeFile(file, `import { crashChild } from '${TESTKIT}'\n${text}`)
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

/** Stands for a node that passes a point three times. */
const THREE_PASSES = `
  const failpoints = crashChild()
  failpoints.declare(['test.point'])
  for (let pass = 1; pass <= 3; pass++) {
    console.log('pass ' + pass + ' ' + process.argv.slice(2).join(' '))
    await failpoints.hit('test.point')
  }
`

describe('runUntilCrash', () => {
  it('[X-01] kills the program at the point, at the pass that was asked for, and gives what it had said', async () => {
    await using program = await programOf(THREE_PASSES)
    expect(await runUntilCrash(program.file, { at: 'test.point', args: ['a', 'b c'] })).toEqual({
      crashedAt: 'test.point',
      stdout: 'pass 1 a b c\n',
    })
    expect(await runUntilCrash(program.file, { at: 'test.point', skip: 2 })).toEqual({
      crashedAt: 'test.point',
      stdout: 'pass 1 \npass 2 \npass 3 \n',
    })
  })

  it('[X-01] a program that does not come to the point finishes, and says which points it passed', async () => {
    await using program = await programOf(THREE_PASSES)
    const finished = {
      finished: true,
      stdout: 'pass 1 \npass 2 \npass 3 \n',
      passes: new Map([
        ...new FailpointRegistry().names().map((name) => [name, 0] as const),
        ['test.point', 3],
      ]),
    }
    expect(await runUntilCrash(program.file)).toEqual(finished)
    expect(await runUntilCrash(program.file, { at: 'test.point', skip: 3 })).toEqual(finished)
    expect(await runUntilCrash(program.file, { at: 'job.chunk.after' })).toEqual(finished)
  })

  it('[X-01] any other end is an error that has what the program said', async () => {
    const failure = async (text: string, options: CrashOptions = {}) => {
      await using program = await programOf(text)
      return await runUntilCrash(program.file, options).catch((error: Error) => error.message)
    }
    expect(await failure(`crashChild(); throw new Error('out of luck')`)).toMatch(
      /ended with code 1.*out of luck/s,
    )
    expect(await failure(`console.log('almost'); process.exit(3)`)).toMatch(/ended with code 3.*almost/s)
    expect(await failure(`process.kill(process.pid, 'SIGTERM')`)).toMatch(/killed by SIGTERM/)
    expect(await failure(`process.kill(process.pid, 'SIGKILL')`, { at: 'job.chunk.after' })).toMatch(
      /killed by SIGKILL instead of at job\.chunk\.after/,
    )
    expect(await failure('typeof crashChild')).toMatch(/has to call crashChild/)
    expect(await failure('crashChild()', { at: 'no.such.point' as never })).toMatch(
      /does not have the failpoint no\.such\.point/,
    )
  })

  it('[X-01] a program that does not end is killed at the time limit, or when the caller gives up', async () => {
    await using program = await programOf(`crashChild(); console.error('stuck'); setInterval(() => {}, 1000)`)
    await expect(runUntilCrash(program.file, { timeLimit: 1000 })).rejects.toThrow(/still ran after 1000 ms/)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(runUntilCrash(program.file, { signal })).rejects.toThrow('enough')
  })

  it('[X-01] a program that is run by hand has nothing armed, and its children inherit nothing', async () => {
    await using program = await programOf(`
      crashChild()
      console.log(process.env.HOLDFAST_CRASH, crashChild().armed)
    `)
    expect(await runUntilCrash(program.file)).toMatchObject({ stdout: 'undefined false\n' })
  })
})

describe('runUntilKilled', () => {
  it('[X-01] kills the program after its first output', async () => {
    await using program = await programOf(`crashChild(); console.log('begun'); setInterval(() => {}, 1000)`)
    expect(await runUntilKilled(program.file, { after: 10 })).toEqual({ killed: true, stdout: 'begun\n' })
  })

  it('[X-01] a program that is quicker finishes; one that fails or says nothing is an error', async () => {
    await using quick = await programOf(`crashChild(); console.log('done')`)
    expect(await runUntilKilled(quick.file, { after: 60_000 })).toEqual({ finished: true, stdout: 'done\n' })
    await using failing = await programOf(
      `crashChild(); console.log('begun'); throw new Error('out of luck')`,
    )
    await expect(runUntilKilled(failing.file, { after: 60_000 })).rejects.toThrow(/out of luck/)
    await using silent = await programOf('crashChild()')
    await expect(runUntilKilled(silent.file, { after: 0 })).rejects.toThrow(/said nothing/)
  })
})
