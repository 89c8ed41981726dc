/** Bytes of a piece. */
export const PIECE = 2 ** 20

/** Names that end in a zero byte, and the place of each: its piece and where it begins there, as one number. */
export interface NameBytes {
  readonly pieces: readonly Uint8Array[]
  readonly starts: Uint32Array
  readonly count: number
}

const END = 0
/** Parts of at most so many names are sorted by insertion. */
const FEW = 12

/**
 * Sorts by bytes: quicksort in three parts by the byte at `depth`, before which all names of a part are alike. It
 * compares no name twice from its beginning, which names that begin alike, as those of a folder do, make dear.
 */
export function sortNames(names: NameBytes): void {
  sortPart(names, 0, names.count, commonBytes(names))
}

/** How many bytes all names begin with. */
function commonBytes({ pieces, starts, count }: NameBytes): number {
  if (count < 2) return 0
  const first = starts[0] ?? 0
  const bytes = pieces[first >>> 20]
  const from = first & 0xfffff
  let common = (bytes?.indexOf(END, from) ?? from) - from
  for (let i = 1; i < count; i++) {
    const start = starts[i] ?? 0
    const others = pieces[start >>> 20]
    const at = start & 0xfffff
    let same = 0
    while (same < common && others?.[at + same] === bytes?.[from + same]) same++
    common = same
  }
  return common
}

// The longest part is gone on with, and calls are made for the others: the stack stays shallow whatever the names.
function sortPart(names: NameBytes, from: number, to: number, atDepth: number): void {
  const { pieces, starts } = names
  let [low, high, depth] = [from, to, atDepth]
  while (high - low > FEW) {
    const pivot = middleByte(names, low, high, depth)
    let [less, more] = [low, high]
    for (let i = low; i < more; ) {
      const start = starts[i] ?? 0
      const byte = pieces[start >>> 20]?.[(start & 0xfffff) + depth] ?? END
      if (byte < pivot) {
        starts[i++] = starts[less] ?? 0
        starts[less++] = start
      } else if (byte > pivot) {
        starts[i] = starts[--more] ?? 0
        starts[more] = start
      } else i++
    }
    // Names that end here are equal.
    const same = pivot === END ? 0 : more - less
    const [before, behind] = [less - low, high - more]
    if (same > 0 && same >= before && same >= behind) {
      sortPart(names, low, less, depth)
      sortPart(names, more, high, depth)
      low = less
      high = more
      depth++
    } else {
      if (same > 0) sortPart(names, less, more, depth + 1)
      if (before >= behind) {
        sortPart(names, more, high, depth)
        high = less
      } else {
        sortPart(names, low, less, depth)
        low = more
      }
    }
  }
  insertionSort(names, low, high, depth)
}

function middleByte(names: NameBytes, low: number, high: number, depth: number): number {
  const byteOf = (i: number) => {
    const start = names.starts[i] ?? 0
    return names.pieces[start >>> 20]?.[(start & 0xfffff) + depth] ?? END
  }
  const [a, b, c] = [byteOf(low), byteOf((low + high) >> 1), byteOf(high - 1)]
  return a < b ? (b < c ? b : Math.max(a, c)) : a < c ? a : Math.max(b, c)
}

function insertionSort(names: NameBytes, low: number, high: number, depth: number): void {
  const { starts } = names
  for (let i = low + 1; i < high; i++) {
    const start = starts[i] ?? 0
    let to = i
    for (; to > low && compare(names, starts[to - 1] ?? 0, start, depth) > 0; to--)
      starts[to] = starts[to - 1] ?? 0
    starts[to] = start
  }
}

function compare({ pieces }: NameBytes, a: number, b: number, depth: number): number {
  const [left, right] = [pieces[a >>> 20], pieces[b >>> 20]]
  for (let i = depth; ; i++) {
    const byte = left?.[(a & 0xfffff) + i] ?? END
    const difference = byte - (right?.[(b & 0xfffff) + i] ?? END)
    if (difference !== 0 || byte === END) return difference
  }
}
