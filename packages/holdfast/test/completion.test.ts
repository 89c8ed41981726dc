import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { candidates } from '../src/completion/candidates.ts'
import { createProgram } from '../src/program.ts'
import { commandOf, project } from './packages.ts'
import { holdfast, run } from './run-command.ts'

/** What the last word may become, without a node. */
async function complete(...words: string[]): Promise<readonly string[]> {
  const found = await candidates(createProgram(), words, async (argument, configFile) =>
    argument === 'job' ? [{ value: `job of ${configFile}`, about: '' }] : [],
  )
  return found.map(({ value }) => value)
}

describe('completion', () => {
  it('[A-07] gives commands and those below them, by what they begin with', async () => {
    expect(await complete('')).toEqual(
      expect.arrayContaining(['init', 'start', 'doctor', 'files', 'complete']),
    )
    expect(await complete()).toEqual(await complete(''))
    expect(await complete('sta')).toEqual(['start', 'status'])
    expect(await complete('files', '')).toEqual(['ls', 'stat', 'put', 'get', 'rm', 'undo', 'help'])
    expect(await complete('retention', 'policies', 's')).toEqual(['set'])
    expect(await complete('complete', '')).toEqual(['bash', 'zsh', 'fish'])
  })

  it('[A-07] gives flags, before and after other words', async () => {
    expect(await complete('--v')).toEqual(['--version'])
    expect(await complete('files', 'ls', '--c')).toEqual(['--config-file', '--condemned'])
    expect(await complete('files', 'ls', 'prefix', '--limit', '5', '--j')).toEqual(['--json'])
  })

  it('[A-07] leaves paths, values of flags, and what follows two dashes to the shell', async () => {
    expect(await complete('files', 'put', '')).toEqual([])
    expect(await complete('files', 'put', 'file', '')).toEqual([])
    expect(await complete('status', '-c', '')).toEqual([])
    expect(await complete('status', '--config-file', 's')).toEqual([])
    expect(await complete('files', 'get', '--', '--j')).toEqual([])
    expect(await complete('nothing', 'st')).toEqual([])
  })

  it('[A-07] asks for the names of jobs, with the config file that was said', async () => {
    expect(await complete('job', 'run', '')).toEqual(['job of undefined'])
    expect(await complete('job', 'plan', '-c', 'there', 'job')).toEqual(['job of there'])
    expect(await complete('job', 'run', 'retention', '')).toEqual([])
  })

  it('[A-07] the command prints a line for each, with what it means', async () => {
    const root = project({
      'holdfast.config.json': {
        plugins: ['backend-local', 'manifest', 'retention'],
        config: { 'backend-local': { root: 'files' }, manifest: { dataDir: 'data' } },
      },
      'broken/holdfast.config.json': '{',
    })
    const asked = (...words: string[]) => holdfast(root, ['complete', '--', ...words])
    expect(await asked('hold', 'l')).toEqual({
      code: 0,
      out: 'ls\tlist the holds, also those that have ended\n',
      err: '',
    })
    expect((await asked('job', 'run', '')).out).toMatch(/^retention\t\n/)
    expect(await asked('job', 'run', '-c', 'broken', '')).toEqual({ code: 0, out: '', err: '' })
    expect(await holdfast(root, ['complete', 'tcsh'])).toMatchObject({ code: 2, out: '' })
  })

  it('[A-07] bash offers them, has its files for the rest, and runs nothing of what was typed', {
    timeout: 60_000,
  }, async () => {
    const root = project({ 'a.txt': '' })
    const command = join(root, 'holdfast')
    const args = `"${process.execPath}" --conditions=holdfast-source "${commandOf('holdfast')}"`
    writeFileSync(command, `#!/bin/sh\nexec ${args} "$@"\n`)
    chmodSync(command, 0o755)
    // What Tab does: the words, the last of which is being typed.
    const program = `
      script="$(holdfast complete bash)"
      eval "$script"
      eval "$script"
      tab() {
        COMP_WORDS=(holdfast "$@")
        COMP_CWORD=$#
        _holdfast
        printf '%s ' "\${#COMPREPLY[@]}" "\${COMPREPLY[@]:-}"
        echo
      }
      complete -p holdfast
      tab files s
      tab files ls --js
      tab files put ''
      tab files get '$(touch ran)' '\`touch ran\`' ';touch ran' ''`
    const env = { ...process.env, PATH: `${root}${delimiter}${process.env.PATH}` }
    const ran = await run('bash', ['--noprofile', '--norc', '-eu', '-c', program], { cwd: root, env })
    expect(ran).toEqual({
      code: 0,
      err: '',
      out: ['complete -o default -F _holdfast holdfast', '1 stat ', '1 --json ', '0  ', '0  ', ''].join('\n'),
    })
    expect(existsSync(join(root, 'ran'))).toBe(false)
  })
})
