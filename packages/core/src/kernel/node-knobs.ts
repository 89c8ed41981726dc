import type { ConfigOf } from '../config/knob.ts'
import { duration, oneOf } from '../config/knobs.ts'

/** The settings of the node itself: section `node` of the file, HOLDFAST_NODE_* in the environment. */
export const NODE_KNOBS = {
  log: oneOf(['debug', 'info', 'warn', 'error', 'silent'], {
    doc: "Level of the node's own logger, which writes JSON lines to standard error. Not used when the program brings its own.",
    default: 'warn',
  }),
  startDeadline: duration({
    doc: 'How long each service and each onStart function may take to start. One that takes longer ends the start.',
    default: '10m',
    min: 1,
    max: '1d',
  }),
  stopDeadline: duration({
    doc: 'How long stopping waits for running jobs before it cancels them.',
    default: '30s',
    max: '1d',
    zero: 'they are cancelled at once',
  }),
  closeDeadline: duration({
    doc: 'How long each service and each onStop function may take to close. One that takes longer is left behind and named in the error.',
    default: '1m',
    min: 1,
    max: '1d',
  }),
}

export type NodeConfig = ConfigOf<typeof NODE_KNOBS>
