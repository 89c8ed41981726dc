import { readFileSync } from 'node:fs'

/** Anonymous memory of this process, bytes. Mapped pages of a store count in the resident set too, but belong to the page cache. */
export function rssAnon(): number {
  return Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
}
