import { describeBroken } from './base/describe-broken.ts'

// Sorts as a dictionary does: lower and upper case together, and a folder after what begins like it.
describeBroken((sound) => ({
  async *list(options) {
    const keys: string[] = []
    for await (const page of sound.list(options)) keys.push(...page.keys)
    keys.sort((a, b) => a.localeCompare(b))
    for (let at = 0; at < keys.length; at += 1000) yield { keys: keys.slice(at, at + 1000) }
  },
}))
