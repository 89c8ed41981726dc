import { variableOf } from '../../packages/core/src/config/environment.ts'
import { type Knob, shownValue } from '../../packages/core/src/config/knob.ts'

/** One knob as its row in the docs. */
export interface KnobRow {
  readonly knob: string
  readonly doc: string
  readonly takes: string
  readonly secret: boolean
  /** Absent: none. */
  readonly default?: string
  readonly variable: string
  /** What it means that the knob is not given. */
  readonly unset: string
  /** What 0 and what less mean; of numbers only. */
  readonly zero?: string
  readonly negative?: string
  readonly floor?: string
  readonly ceiling?: string
}

/** The row of a knob, or what its author has left unsaid. */
export function describeKnob(
  id: string,
  name: string,
  knob: Knob<unknown>,
): { readonly row: KnobRow; readonly unsaid: readonly string[] } {
  const unsaid: string[] = []
  const meaning = (what: string, taken: boolean, said: string | undefined): string => {
    if (!taken) return 'refused'
    if (said === undefined) unsaid.push(`${id}.${name} takes ${what} and does not say what it means`)
    return said ?? ''
  }
  const { bounds } = knob
  return {
    unsaid,
    row: {
      knob: name,
      doc: knob.doc,
      takes: knob.takes,
      secret: knob.secret ?? false,
      ...(knob.default !== undefined && {
        default: knob.secret ? '(secret)' : shownValue(knob, knob.default),
      }),
      variable: variableOf(id, name, knob),
      unset: knob.default !== undefined ? 'the default' : (knob.unset ?? 'refused: it must be given'),
      ...(bounds && {
        zero: meaning('0', bounds.min <= 0 && (bounds.max ?? 0) >= 0, knob.zero),
        negative: meaning('numbers below 0', bounds.min < 0, knob.negative),
        floor: shownValue(knob, bounds.min),
        ceiling: bounds.max === undefined ? 'none' : shownValue(knob, bounds.max),
      }),
    },
  }
}
