/** Calls `work` for every item, at most `atOnce` at a time. The first failure ends the source and rejects. */
export async function inParallel<T>(
  source: AsyncIterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const items = source[Symbol.asyncIterator]()
  // The workers share one iterator: each takes the next item when it is done with its last.
  const shared = { [Symbol.asyncIterator]: () => items }
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for await (const item of shared) await work(item)
    }),
  )
}
