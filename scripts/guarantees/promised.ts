import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Promised {
  readonly id: string
  /** Whether test/mutants must show that its tests can fail. */
  readonly mutant: boolean
}

export const PROMISED_FILE = 'scripts/guarantees-promised.txt'

export function readPromised(root: string): Promised[] {
  return parsePromised(readFileSync(join(root, PROMISED_FILE), 'utf8'))
}

/** Lines of `R-02`, `R-02 mutant` or either with a `# comment`. */
export function parsePromised(text: string): Promised[] {
  const promised: Promised[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const content = line.replace(/#.*/, '').trim()
    if (content === '') continue
    const match = /^([A-Z]-\d\d)(?:\s+(mutant))?$/.exec(content)
    const id = match?.[1]
    if (id === undefined) throw new Error(`${PROMISED_FILE}:${index + 1}: not an id: ${content}`)
    if (promised.some((other) => other.id === id)) {
      throw new Error(`${PROMISED_FILE}:${index + 1}: ${id} is there twice`)
    }
    promised.push({ id, mutant: match?.[2] !== undefined })
  }
  return promised
}
