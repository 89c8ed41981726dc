import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')

/** What a source adds to the actions of the gate. Examples in comments add nothing. */
function actionsIn(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '')
  return [...code.matchAll(/\binterface GateActions\b[^{]*\{([^}]*)\}/g)].flatMap(([, body = '']) =>
    [...body.matchAll(/(?:^|[;,{\n])\s*(?:readonly\s+)?['"]?([\w.-]+)['"]?\s*:/g)].map(
      ([, name = '']) => name,
    ),
  )
}

/** The first column of the table under the heading. */
function actionsOf(page: string): string[] {
  const section = page.split('### Actions\n')[1]?.split('\n#')[0] ?? ''
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name = '']) => name)
}

describe('the actions of the gate', () => {
  it('[K-16] docs/hooks.md lists every one that a package adds, and no other', () => {
    const sources = globSync('packages/*/src/**/*.ts', { cwd: ROOT })
    const added = sources.flatMap((path) => actionsIn(readFileSync(join(ROOT, path), 'utf8')))
    expect(added).toEqual(expect.arrayContaining(['condemn', 'erase']))
    expect(actionsOf(readFileSync(join(ROOT, 'docs/hooks.md'), 'utf8')).sort()).toEqual([...added].sort())
  })

  it('are found wherever and however they are added', () => {
    const source = `
      /** As in \`interface GateActions { 'in.comment': true }\`. */
      declare module '@holdfast/core' {
        interface GateActions {
          /** Moves. { */
          'acme.move': true
          plain: true; other: true // { not: true }
        }
      }
      interface GateActions { "one-line": true, 'and.more': true }`
    expect(actionsIn(source)).toEqual(['acme.move', 'plain', 'other', 'one-line', 'and.more'])
    expect(actionsIn('interface GateActionsOf { no: true }')).toEqual([])
  })

  it('are read from their table and no other', () => {
    const page =
      '| `no` |\n### Actions\n\n| action |\n| --- |\n| `a` | x |\n| `b.c` | y |\n\n### Next\n| `no` |\n'
    expect(actionsOf(page)).toEqual(['a', 'b.c'])
    expect(actionsOf('## Actions\n| `a` |')).toEqual([])
  })
})
