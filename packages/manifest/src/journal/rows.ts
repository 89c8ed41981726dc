/**
 * The tables of the journal and the names of their rows. It lies in an environment of its own: plans come and go by
 * the hundred thousand, and must not make the manifest grow.
 */
const TABLE = {
  /** job, NUL, run -> the record of a run */
  run: 'R',
  /** run -> job: runs whose end is not recorded */
  open: 'O',
  /** plan -> what is known of it */
  plan: 'P',
  /** plan, number of the first item -> a block of its items */
  items: 'I',
  /** name -> facts of the journal */
  node: 'N',
} as const

export const FORMAT = Buffer.from(`${TABLE.node}format`)
export const OWNER = Buffer.from(`${TABLE.node}owner`)

/** Ids are ULIDs: the rows of a job lie in the order of time. Names of jobs hold no NUL. */
export const runsOf = (job: string) => Buffer.from(`${TABLE.run}${job}\0`)
export const runRow = (job: string, run: string) => Buffer.from(`${TABLE.run}${job}\0${run}`)
export const OPEN_RUNS = Buffer.from(TABLE.open)
export const openRow = (run: string) => Buffer.from(TABLE.open + run)
export const PLANS = Buffer.from(TABLE.plan)
export const planRow = (plan: string) => Buffer.from(TABLE.plan + plan)
export const BLOCKS = Buffer.from(TABLE.items)
export const blocksOf = (plan: string) => Buffer.from(TABLE.items + plan)

export function blockRow(plan: string, from: number): Buffer {
  const prefix = blocksOf(plan)
  const row = Buffer.allocUnsafe(prefix.length + 6)
  prefix.copy(row)
  row.writeUIntBE(from, prefix.length, 6)
  return row
}

/** The plan that a block belongs to. */
export function planOfBlock(row: Buffer): string {
  return row.toString('utf8', 1, row.length - 6)
}
