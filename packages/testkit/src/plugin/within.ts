/** What became of a call in a time. */
export interface Answer {
  readonly settled: boolean
  readonly value?: unknown
  readonly error?: unknown
}

/** Waits for what a call gives, but not for ever: real time, since what hangs does not look at the suite's clock. */
export async function within(ms: number, call: () => unknown): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Answer>((resolve) => {
    timer = setTimeout(() => resolve({ settled: false }), ms)
  })
  const answer = (async () => call())().then(
    (value): Answer => ({ settled: true, value }),
    (error: unknown): Answer => ({ settled: true, error: error ?? 'nothing' }),
  )
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}
