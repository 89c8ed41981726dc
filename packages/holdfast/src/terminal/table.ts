import stringWidth from 'string-width'

export interface Column<T> {
  readonly head: string
  readonly of: (row: T) => string
  /** Numbers stand at the right. */
  readonly right?: boolean
  /** May be made narrower when the terminal is: its middle goes. */
  readonly gives?: boolean
}

/** Rows that are seen before the widths of the columns are fixed. */
const SAMPLE = 1000
const GAP = '  '
const NARROWEST = 12

/**
 * Rows under the names of their columns, as lines; in a terminal as wide as it is. Of a long list the first thousand
 * rows tell the widths, and no more are held.
 */
export async function* table<T>(
  columns: readonly Column<T>[],
  rows: AsyncIterable<T> | Iterable<T>,
  {
    width,
    head = (line) => line,
  }: { readonly width?: number | undefined; readonly head?: (line: string) => string },
): AsyncGenerator<string> {
  const sample: string[][] = []
  let widths: readonly number[] | undefined
  // Another program gets every name whole.
  const line = (fixed: readonly number[], cells: readonly string[]) =>
    lineOf(columns, fixed, cells, width !== undefined)
  const start = () => {
    const heads = columns.map((column) => column.head)
    const fixed = widthsOf(columns, [heads, ...sample], width)
    widths = fixed
    return [head(line(fixed, heads)), ...sample.map((cells) => line(fixed, cells))]
  }
  for await (const row of rows) {
    const cells = columns.map(({ of }) => printable(of(row)))
    if (widths) yield line(widths, cells)
    else if (sample.push(cells) === SAMPLE) yield* start()
  }
  if (!widths && sample.length > 0) yield* start()
}

/** A name may hold what would move the cursor, colour what follows, or turn the direction of the line. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach the terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '\ufffd')
}

function widthsOf<T>(
  columns: readonly Column<T>[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): readonly number[] {
  const widths = columns.map((_, index) =>
    Math.max(...rows.map((cells) => stringWidth(cells[index] as string))),
  )
  if (width === undefined) return widths
  const total = () => widths.reduce((sum, each) => sum + each, GAP.length * (columns.length - 1))
  const giving = columns.flatMap(({ gives }, index) => (gives ? [index] : []))
  for (let over = total() - width; over > 0 && giving.length > 0; over = total() - width) {
    const widest = giving.reduce((a, b) => ((widths[a] as number) >= (widths[b] as number) ? a : b))
    const now = widths[widest] as number
    if (now <= NARROWEST) break
    const others = giving.filter((index) => index !== widest).map((index) => widths[index] as number)
    const down = Math.max(1, Math.min(over, now - Math.max(NARROWEST, ...others)))
    widths[widest] = now - down
  }
  return widths
}

function lineOf<T>(
  columns: readonly Column<T>[],
  widths: readonly number[],
  cells: readonly string[],
  shorten: boolean,
): string {
  return columns
    .map(({ right, gives }, index) => {
      const width = widths[index] as number
      const cell = gives && shorten ? shortened(cells[index] as string, width) : (cells[index] as string)
      const pad = ' '.repeat(Math.max(0, width - stringWidth(cell)))
      return right ? pad + cell : cell + pad
    })
    .join(GAP)
    .trimEnd()
}

/** Without its middle, so that both ends can be seen. */
export function shortened(text: string, width: number): string {
  if (stringWidth(text) <= width) return text
  const letters = [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment)
  let [head, tail] = ['', '']
  for (let taken = true; taken; ) {
    taken = false
    for (const side of ['tail', 'head'] as const) {
      const letter = side === 'head' ? letters[0] : letters.at(-1)
      if (letter === undefined || stringWidth(head + letter + tail) >= width) continue
      if (side === 'head') head += letters.shift()
      else tail = letters.pop() + tail
      taken = true
    }
  }
  return `${head}…${tail}`
}
