import { createHook } from 'node:async_hooks'
import { readdirSync, readlinkSync } from 'node:fs'

/** What a process holds: counts by name. */
export type Inventory = ReadonlyMap<string, number>

/** Active resources of the event loop, timers that do not keep it going, listeners of the process, and open files where the system can list them. */
export function inventory(): Inventory {
  const names = [
    ...process.getActiveResourcesInfo(),
    ...quietTimers(),
    ...process.eventNames().flatMap((event) => {
      const name = `process listener of ${String(event)}`
      return Array.from({ length: process.listenerCount(event) }, () => name)
    }),
    ...openFiles(),
  ]
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** Node lists only what keeps a process alive, and a timer that was unref'd does not. */
const timers = new Map<number, NodeJS.Timeout>()
const watch = {
  on: false,
  hook: createHook({
    init(id, type, _trigger, resource) {
      if (type === 'Timeout') timers.set(id, resource as NodeJS.Timeout)
    },
    destroy: (id) => void timers.delete(id),
  }),
}

function quietTimers(): string[] {
  if (!watch.on) watch.hook.enable()
  watch.on = true
  return [...timers.values()].filter((timer) => !timer.hasRef()).map(() => "timer that was unref'd")
}

/** Every name that there is more of now, with how many more. */
export function moreThan(before: Inventory, now: Inventory): string[] {
  return [...now].flatMap(([name, count]) => {
    const more = count - (before.get(name) ?? 0)
    return more > 0 ? [`${more} x ${name}`] : []
  })
}

const PATIENCE_MS = 1000

/** What stays more than before. Handles close a few turns after they were told to, so it looks until that has happened. */
export async function leftSince(before: Inventory): Promise<string[]> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const left = moreThan(before, inventory())
    if (left.length === 0 || performance.now() > end) return left
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Only regular files: pipes and sockets show among the resources. Empty where there is no /proc. */
function openFiles(): string[] {
  try {
    return readdirSync('/proc/self/fd').flatMap((fd) => {
      const file = targetOf(fd)
      return file.startsWith('/') && !file.startsWith('/proc/') && !file.startsWith('/dev/')
        ? [`open file ${file}`]
        : []
    })
  } catch {
    return []
  }
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    // The descriptor of the listing itself is closed by now.
    return ''
  }
}
