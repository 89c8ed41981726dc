import type { Clock, Ids } from '@holdfast/core'
import type { Random } from './random.ts'

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const TIME_LETTERS = 10
const CHANCE_LETTERS = 8
const COUNT_LETTERS = 8

/** ULIDs of one life, whose random part comes from the seed and a count, so that a lifetime can be repeated. */
export function seededIds(clock: Clock, random: Random, count: () => number): Ids {
  let newest = 0
  return {
    next() {
      newest = Math.max(newest, clock.now())
      const chance = random.between(0, 2 ** 31 - 1)
      return letters(newest, TIME_LETTERS) + letters(count(), COUNT_LETTERS) + letters(chance, CHANCE_LETTERS)
    },
  }
}

function letters(value: number, length: number): string {
  let text = ''
  for (let left = value; text.length < length; left = Math.floor(left / 32)) text = LETTERS[left % 32] + text
  return text
}
