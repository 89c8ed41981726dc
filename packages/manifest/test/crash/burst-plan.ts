/** What becomes of a group after its files were written. */
export type Fate = 'kept' | 'condemned' | 'erased'

/** The files of a group: deleted by one batch, so never some of them alone. */
export const BURST_GROUP = ['a', 'b', 'c']

const FATES: readonly Fate[] = ['kept', 'condemned', 'erased']

export const groupName = (number: number) => `burst/${String(number).padStart(6, '0')}`

export const fateOf = (number: number) => FATES[number % FATES.length] as Fate

export const isKept = (group: string) => fateOf(Number(group.slice(group.lastIndexOf('/') + 1))) === 'kept'

/** What a burst had acknowledged. */
export interface Acknowledged {
  readonly written: ReadonlySet<string>
  /** Groups whose deletion was acknowledged. */
  readonly deleted: ReadonlySet<string>
  /** The newest log record that was. */
  readonly index: number
}

export function acknowledgedBy(stdout: string): Acknowledged {
  const written = new Set<string>()
  const deleted = new Set<string>()
  let index = 0
  // What comes after the last line end was cut off by the kill.
  for (const line of stdout.split('\n').slice(0, -1)) {
    const [what, name = '', at] = line.split(' ')
    if (what === 'written') written.add(name)
    else if (at !== undefined) {
      deleted.add(name)
      index = Math.max(index, Number(at))
    }
  }
  return { written, deleted, index }
}
