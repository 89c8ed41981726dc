import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BESIDE, digestOf, jsonLines, OLD, place, scene, tempsOf, writing } from './place.ts'
import { begin, PATIENT, run } from './processes.ts'

const ENTRY = [
  ...['changedAt', 'checksum', 'createdAt', 'generation', 'key', 'maxTime', 'minTime', 'namespace'],
  ...['origin', 'path', 'size', 'storeId', 'timesFrom'],
]

describe.each(BESIDE)('holdfast files, a node that is %s', PATIENT, (beside) => {
  it('[B-12] what put wrote, get reads, from and to files and pipes', async () => {
    const { root, hold } = await scene(beside, {})
    writeFileSync(join(root, 'in.csv'), 'a,b\n1,2\n')
    expect(await hold(['files', 'put', 'in.csv', 'sales/2026/01/01/00/a.csv'])).toEqual({
      code: 0,
      stdout: 'wrote sales/2026/01/01/00/a.csv, 8 B\n',
      stderr: '',
    })
    const put = await hold(['files', 'put', '-', 'b', '--rows', '7', '--namespace', 'x', '--json'], {
      input: 'piped',
    })
    expect(jsonLines(put.stdout)).toEqual([
      expect.objectContaining({ path: 'b', size: 5, rows: 7, namespace: 'x' }),
    ])
    expect(await hold(['files', 'get', 'b'])).toEqual({ code: 0, stdout: 'piped', stderr: '' })
    const got = await hold(['files', 'get', 'sales/2026/01/01/00/a.csv', 'out.csv', '--json'])
    expect(jsonLines(got.stdout)).toEqual([{ path: 'sales/2026/01/01/00/a.csv', to: 'out.csv', bytes: 8 }])
    expect(readFileSync(join(root, 'out.csv'), 'utf8')).toBe('a,b\n1,2\n')
  })

  it('[B-03] neither put nor get writes over what is there, unless it is told to', async () => {
    const { root, hold } = await scene(beside, { a: 'old' })
    const before = await hold(['files', 'get', 'a'])
    const put = await hold(['files', 'put', '-', 'a'], { input: 'new' })
    expect(put).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(/^HF_PATH_EXISTS: /) })
    expect(await hold(['files', 'get', 'a'])).toEqual(before)
    expect((await hold(['files', 'put', '-', 'a', '--replace'], { input: 'new' })).code).toBe(0)
    writeFileSync(join(root, 'out'), 'mine')
    const get = await hold(['files', 'get', 'a', 'out'])
    expect(get).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^HF_PATH_EXISTS: out is there already/),
    })
    expect(readFileSync(join(root, 'out'), 'utf8')).toBe('mine')
    expect((await hold(['files', 'get', 'a', 'out', '--force'])).code).toBe(0)
    expect(readFileSync(join(root, 'out'), 'utf8')).toBe('new')
  })

  it('[B-03] many that are refused at once are all told why, those too that are not through with sending', async () => {
    const { hold } = await scene(beside, { a: 'old' })
    const puts = Array.from({ length: 12 }, () => hold(['files', 'put', '-', 'a'], { input: 'new' }))
    for (const put of await Promise.all(puts))
      expect(put).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(/^HF_PATH_EXISTS: /) })
  })

  it('[B-12] a file whose bytes are not those that were written never gets its name', async () => {
    const { root, files, hold } = await scene(beside, { 'x/a': 'a'.repeat(200_000) })
    const [key] = readdirSync(join(files, 'x'))
    writeFileSync(join(files, 'x', key as string), `${'a'.repeat(199_999)}b`)
    const { code, stderr } = await hold(['files', 'get', 'x/a', 'out'])
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^HF_BYTES_CORRUPT: /) })
    expect(readdirSync(root).filter((name) => name.includes('out'))).toEqual([])
  })

  it('[B-02] a put whose client is killed half way lists nothing and leaves no bytes', async () => {
    const { root, files, hold } = await scene(beside, {})
    const put = begin(root, ['files', 'put', '-', 'half'])
    put.child.stdin?.write(Buffer.alloc(2_000_000))
    await writing(files, [put])
    put.child.kill('SIGKILL')
    await put.ended
    const { code, stderr } = await hold(['files', 'stat', 'half'])
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^HF_FILE_NOT_FOUND: /) })
    await expect.poll(() => tempsOf(files), { timeout: 60_000 }).toEqual([])
  })

  it('[M-06] ls gives prefixes, limits and what is on its way out, in order', async () => {
    const { hold } = await scene(beside)
    const all = jsonLines((await hold(['files', 'ls', '--json'])).stdout)
    expect(all.map(({ path }) => path)).toEqual(Object.keys(OLD).sort())
    expect(Object.keys(all[0] as object).sort()).toEqual(ENTRY)
    const human = await hold(['files', 'ls', 'raw/', '--limit', '1'])
    expect(human.stdout.split('\n')).toEqual([
      'SIZE  NEWEST ROW           WRITTEN              PATH',
      expect.stringMatching(/^ 8 B {2}2020-01-01 00:59:59 {2}.{19} {2}raw\/2020\/01\/01\/00\/a.csv$/),
      '1 file, 8 B; there are more',
      '',
    ])
    await hold(['files', 'rm', '-r', 'raw', '--act'])
    expect(jsonLines((await hold(['files', 'ls', '--json'])).stdout)).toHaveLength(1)
    const [condemned] = jsonLines((await hold(['files', 'ls', '--condemned', '--json'])).stdout)
    expect(Object.keys(condemned as object).sort()).toEqual([
      ...['as', 'entry', 'generation', 'key', 'notBefore', 'reason', 'state'],
    ])
  })

  it('[R-21] rm names what would go and changes nothing until it is told to act', async () => {
    const at = await scene(beside)
    const before = await digestOf(at)
    const named = await at.hold(['files', 'rm', '-r', 'raw'])
    expect(named).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('would delete 2 files, 16 B; --act does it'),
    })
    expect(await digestOf(at)).toBe(before)
    expect((await at.hold(['files', 'rm', '-r', 'raw', '--act'])).stdout).toContain('deleted 2 files, 16 B')
    expect(await digestOf(at)).not.toBe(before)
    expect(await at.hold(['files', 'undo', 'raw/2020/01/01/00/a.csv'])).toMatchObject({
      code: 0,
      stdout: 'raw/2020/01/01/00/a.csv is listed again\n',
    })
    expect((await at.hold(['files', 'get', 'raw/2020/01/01/00/a.csv'])).stdout).toBe('a,b\n1,2\n')
  })

  it('[R-18] rm leaves what is held, says so, and is refused when nothing else is left', async () => {
    const { hold } = await scene(beside)
    await hold(['hold', 'add', 'raw/2020/01/01/00/a.csv', '--id', 'audit'])
    const both = await hold(['files', 'rm', '-r', 'raw', '--act', '--json'])
    expect(both.code).toBe(0)
    expect(jsonLines(both.stdout).map(({ path, held }) => [path, held])).toEqual([
      ['raw/2020/01/01/00/a.csv', true],
      ['raw/2020/01/01/01/b.csv', false],
    ])
    expect(await hold(['files', 'rm', 'raw/2020/01/01/00/a.csv', '--act'])).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('1 file held'),
    })
  })
})

describe('holdfast files, asked for what is not there', PATIENT, () => {
  it.each([
    [['files', 'stat', 'none'], 1, /^HF_FILE_NOT_FOUND/],
    [['files', 'get', 'none'], 1, /^HF_FILE_NOT_FOUND/],
    [['files', 'rm', 'none', '--act'], 1, /^HF_FILE_NOT_FOUND/],
    [['files', 'undo', 'none'], 1, /^HF_FILE_NOT_FOUND/],
    [['files', 'stat', '../etc'], 1, /^HF_PATH_INVALID/],
    [['files', 'put', 'none.csv', 'b'], 1, /ENOENT/],
    [['files', 'put', '.', 'b'], 1, /^HF_REQUEST_INVALID/],
    [['files', 'undo'], 2, /say one of/],
    [['files', 'ls', '--limit', 'x'], 2, /not a whole number/],
  ] as const)('[A-06] %j ends with %i and says why', async (args, code, text) => {
    const { root } = place()
    expect(await run(root, args)).toEqual({ code, stdout: '', stderr: expect.stringMatching(text) })
  })

  it('[A-06] with --json the error is one line of JSON', async () => {
    const { root } = place()
    const { stderr } = await run(root, ['files', 'stat', 'none', '--json'])
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: 'HF_FILE_NOT_FOUND',
        kind: 'not_found',
        message: expect.any(String),
        context: { path: 'none' },
      },
    })
  })

  it.each(BESIDE)(
    '[A-06] a put that is refused does not wait for its input, a node that is %s',
    async (beside) => {
      const { root } = await scene(beside, { a: 'x' })
      expect((await begin(root, ['files', 'put', '-', 'a']).ended).code).toBe(3)
    },
  )
})
