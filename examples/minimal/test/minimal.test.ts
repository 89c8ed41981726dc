import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../minimal.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'holdfast-minimal-'))
let output: { stdout: string; stderr: string }

beforeAll(async () => {
  output = await promisify(execFile)(process.execPath, ['--conditions=holdfast-source', PROGRAM], {
    cwd: folder,
  })
})
afterAll(() => rmSync(folder, { recursive: true }))

test('lists the file with its size', () => {
  expect(output.stdout.split('\n')[0]).toBe('sales/2026/11/20/15/a.csv 8')
})

test('plans a retention run that a new file is not part of', () => {
  expect(output.stdout).toContain("job: 'retention'")
  expect(output.stdout).toContain('totals: { files: 0, bytes: 0, rows: 0 }')
})

test('logs nothing', () => {
  expect(output.stderr).toBe('')
})

test('leaves the bytes below ./files, under a name of their own', () => {
  const at = join(folder, 'files/sales/2026/11/20/15')
  const names = readdirSync(at)
  expect(names).toEqual([expect.stringMatching(/^a~[0-9A-Z]{26}\.csv$/)])
  expect(readFileSync(join(at, names[0]!), 'utf8')).toBe('a,b\n1,2\n')
})

test('replaces the file when it is run again, and keeps the old bytes for a while', async () => {
  const again = await promisify(execFile)(process.execPath, ['--conditions=holdfast-source', PROGRAM], {
    cwd: folder,
  })
  expect(again.stdout.split('\n')[0]).toBe('sales/2026/11/20/15/a.csv 8')
  expect(readdirSync(join(folder, 'files/sales/2026/11/20/15'))).toHaveLength(2)
})
