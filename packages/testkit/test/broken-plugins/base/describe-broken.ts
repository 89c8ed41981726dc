import { describePlugin } from '@holdfast/testkit'
import { type Flaw, surroundings, sweeper } from './sweeper.ts'

/** Hands a flawed sweeper to the suite, as its author would. `flaw` is called once for each plugin. */
export function describeBroken(flaw: () => Flaw): void {
  const factory = (options: object = {}) => sweeper({ options: { ...options }, ...flaw() })
  describePlugin('broken', () => factory(), surroundings(factory))
}
