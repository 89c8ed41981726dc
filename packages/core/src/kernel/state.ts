import { HoldfastError } from '../errors.ts'

/** Of a node's life, in this order. */
export type State = 'created' | 'starting' | 'started' | 'stopping' | 'stopped'

/** @throws HF_NOT_STARTED, HF_STOPPED, naming what was asked of the node */
export function mustBeStarted(state: State, what: string): void {
  if (state === 'created' || state === 'starting')
    throw new HoldfastError('HF_NOT_STARTED', `the node is not started: await start() before you use ${what}`)
  if (state === 'stopped')
    throw new HoldfastError('HF_STOPPED', `the node is stopped: make a new one to use ${what}`)
}
