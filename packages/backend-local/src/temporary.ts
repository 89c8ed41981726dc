import { readFileSync } from 'node:fs'

/** Who uses a temporary file: a process, and when it started, which a later process of the same number does not share. */
const NAME = /^(\d+)\.(\d+)\.[^.]+$/

/** A name for a temporary file of this process. */
export function temporaryName(id: string): string {
  return `${process.pid}.${startOf(process.pid) ?? 0}.${id}`
}

/**
 * Whether a temporary file belongs to another process of this machine that lives: it is being written. Such a process
 * has the root open though this one starts on it; the manifest will refuse one of them.
 */
export function isInUse(name: string): boolean {
  const [, pid, started] = NAME.exec(name) ?? []
  if (pid === undefined || Number(pid) === process.pid) return false
  const now = startOf(Number(pid))
  return now !== undefined && now === started
}

/** When a process started, in ticks since boot; undefined for one that is gone, and where the system does not say. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the command in brackets and may hold anything; the start is the 20th after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
