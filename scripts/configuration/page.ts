import { describeKnob, type KnobRow } from './describe.ts'
import type { Documented } from './plugins.ts'

const INTRODUCTION = `# Configuration

<!-- Written by \`pnpm run configuration\` from the plugins' own knobs. Change those. -->

A setting comes from one of four places. The first that gives it wins, for every setting:

1. an option in code: \`retention({ eraseDelay: '2h' })\`, also when a config file calls the factory or names the plugin with
   options beside it;
2. the environment: \`HOLDFAST_RETENTION_ERASE_DELAY=2h\`;
3. the config file's section for the plugin: \`config: { retention: { eraseDelay: '2h' } }\`, and \`node: { ... }\` for the node;
4. the default.

\`node.explainConfig()\` shows what holds and where it came from. Options, sections and variables that set nothing are errors, as is
a value that a knob does not take; all of them come at once, before anything is opened (HF_ASSEMBLY_INVALID). Only the winning
value is read.

- **Unset** means not given, or \`undefined\` in code. An empty variable, and \`null\` in a file, are values, and wrong ones.
- **Durations** are milliseconds, or text with a unit: \`ms\`, \`s\`, \`m\`, \`h\`, \`d\`. **Sizes** are bytes, or text with \`B\`, \`KiB\`, \`MiB\`,
  \`GiB\`, \`TiB\`. Text needs a unit, except \`0\`.
- **True or false** from the environment is \`true\`, \`1\`, \`yes\`, \`on\`, \`false\`, \`0\`, \`no\` or \`off\`, in any case, and nothing else.
- **Lists and objects** from the environment are JSON: text that begins with \`[\` or \`{\`.
- Floors and ceilings are allowed values themselves; what is below 0 where 0 is the floor is refused.
- **Secrets** are masked in every error of the assembly, in \`explainConfig\`, and in what the node and its plugins log. What a plugin
  throws or prints by itself while it runs is its own.
`

/** The whole page, and what it cannot say because a knob does not. */
export function pageOf(plugins: readonly Documented[]): {
  readonly page: string
  readonly unsaid: readonly string[]
} {
  const unsaid: string[] = []
  const parts = plugins.map(({ title, id, knobs }) => {
    const rows = Object.entries(knobs).map(([name, knob]) => {
      const described = describeKnob(id, name, knob)
      unsaid.push(...described.unsaid)
      return described.row
    })
    const body = rows.length === 0 ? 'It has no settings.' : tableOf(rows)
    return `## ${title}\n\nSection \`${id}\`.\n\n${body}\n`
  })
  return { page: [INTRODUCTION, ...parts].join('\n'), unsaid }
}

const HEAD = ['knob', 'takes', 'default', 'environment', 'unset', '0', 'negative', 'floor', 'ceiling']

function tableOf(rows: readonly KnobRow[]): string {
  const lines = [
    HEAD,
    ...rows.map((row) => [
      `\`${row.knob}\`${row.secret ? ' (secret)' : ''}: ${row.doc}`,
      row.takes,
      row.default === undefined ? '–' : `\`${row.default}\``,
      `\`${row.variable}\``,
      row.unset,
      row.zero ?? '–',
      row.negative ?? '–',
      row.floor ?? '–',
      row.ceiling ?? '–',
    ]),
  ].map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = HEAD.map((_, column) => Math.max(3, ...lines.map((cells) => cells[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = lines
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}
