import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import type { HoldfastError } from '@holdfast/core'
import { ProgressLine } from './progress.ts'
import { type Column, printable, table } from './table.ts'

type Style = Parameters<typeof styleText>[0]

/** With the fields of an error of Holdfast's where it is one. */
type Fault = Pick<HoldfastError, 'message'> & Partial<Pick<HoldfastError, 'code' | 'kind' | 'context'>>

/**
 * Where a command prints: what was asked for to standard output, everything about it to standard error. With `--json`
 * both are lines of JSON; only progress and questions of a terminal are not, and what a config file prints. Colours only in a terminal, and not with NO_COLOR.
 */
export class Screen {
  readonly json: boolean
  readonly progress = new ProgressLine(process.stderr as WriteStream)

  constructor({ json = false }: { readonly json?: boolean | undefined } = {}) {
    this.json = json
  }

  /** Somebody sits there who can be asked. */
  get isTerminal(): boolean {
    return Boolean(process.stdin.isTTY && process.stderr.isTTY)
  }

  /** Columns of the terminal; undefined where it does not say, and where output goes to a file or another program. */
  get width(): number | undefined {
    return (process.stdout.isTTY && process.stdout.columns) || undefined
  }

  /** A line for people. Nothing with `--json`. */
  say(text: string): void {
    if (!this.json) this.#out(`${text}\n`)
  }

  /** A line about what is going on, for people. Nothing with `--json`. */
  note(text: string): void {
    if (!this.json) this.#err(text)
  }

  /** What is wrong. Always said: as `text`, or with `--json` as a line of JSON. */
  fault(error: Fault, text = error.message): void {
    this.#err(this.json ? JSON.stringify({ error }) : text)
  }

  /** One value: as it is with `--json`, otherwise as `text` says it. */
  value(value: unknown, text: () => string | readonly string[]): void {
    if (this.json) this.#out(`${JSON.stringify(value)}\n`)
    else this.#out(`${[text()].flat().join('\n')}\n`)
  }

  /** Values of one kind: a line of JSON for each, or a table. */
  async list<T>(columns: readonly Column<T>[], rows: AsyncIterable<T> | Iterable<T>): Promise<void> {
    if (this.json) for await (const row of rows) await this.#flushed(`${JSON.stringify(row)}\n`)
    else
      for await (const line of table(columns, rows, {
        width: this.width,
        head: (text) => this.paint('bold', text),
      }))
        await this.#flushed(`${line}\n`)
  }

  paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
    return styleText(style, text, { stream })
  }

  /** Text of somebody else's, such as a path, as it may stand in a line. */
  plain(text: string): string {
    return printable(text)
  }

  #err(text: string): void {
    this.progress.clear()
    process.stderr.write(`${text}\n`)
  }

  #out(text: string): void {
    this.progress.clear()
    process.stdout.write(text)
  }

  async #flushed(text: string): Promise<void> {
    this.progress.clear()
    // Whoever read it may have enough, such as head.
    if (process.stdout.destroyed || process.stdout.write(text)) return
    await new Promise<void>((resolve) => {
      const end = () => {
        process.stdout.off('drain', end).off('close', end)
        resolve()
      }
      process.stdout.once('drain', end).once('close', end)
    })
  }
}
