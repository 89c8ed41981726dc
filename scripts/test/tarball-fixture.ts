import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { PackedManifest, Tarball } from '../release/tarball.ts'
import type { Files } from './fixture.ts'

/** A package in which nothing is wrong. */
export const SOUND = {
  name: 'acme',
  version: '0.1.0',
  license: 'MIT',
  type: 'module',
  files: ['dist'],
  exports: {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  },
}

const FILES: Files = {
  'README.md': '# acme',
  LICENSE: 'MIT',
  'dist/index.js': 'export const one = 1\n',
  'dist/index.d.ts': 'export declare const one: number\n',
}

/** A real tarball, gone after the test; `undefined` takes a file of {@link FILES} away. */
export function tarball(
  manifest: object = {},
  files: Readonly<Record<string, string | undefined>> = {},
): Tarball {
  const packed = { ...SOUND, ...manifest } as unknown as PackedManifest
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tarball-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const all = { ...FILES, ...files, 'package.json': JSON.stringify(packed) }
  const there = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)
  for (const [file, text] of there) {
    mkdirSync(dirname(join(folder, 'package', file)), { recursive: true })
    writeFileSync(join(folder, 'package', file), text)
  }
  const file = join(folder, `${packed.name.replace('/', '-').replace('@', '')}-${packed.version}.tgz`)
  execFileSync('tar', ['-czf', file, '-C', folder, 'package'])
  return {
    name: packed.name,
    version: packed.version,
    folder: packed.name.replace(/.*\//, ''),
    file,
    integrity: `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`,
    files: there.map(([name]) => name),
    manifest: packed,
  }
}
