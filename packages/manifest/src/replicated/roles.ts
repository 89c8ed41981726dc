import type { GateAction, Roles, Standing } from '@holdfast/core'
import type { State } from '../state/state.ts'

/** Condemning is the business of one node, erasing of one too; they may be the same. */
const NEEDED: Partial<Record<GateAction, string>> = { erase: 'sweeper' }
const PRIMARY = 'primary'
const MEMBER = 'member'

/**
 * Who may act, as this node has applied it. So a new holder acts only after it has applied the record of its own
 * tenure; and one that does not know yet that its tenure is over is refused by apply, by the epoch.
 */
export class StateRoles implements Roles {
  readonly #state: State
  readonly #nodeId: string

  constructor(state: State, nodeId: string) {
    this.#state = state
    this.#nodeId = nodeId
  }

  roleFor(action: GateAction): Standing {
    const needed = NEEDED[action] ?? PRIMARY
    const tenure = this.#state.settings.role(needed)
    if (!tenure) return { role: MEMBER, epoch: 0, mayAct: false }
    const { holder, epoch } = tenure
    const mayAct = holder === this.#nodeId
    return { role: mayAct ? needed : MEMBER, epoch, mayAct, holder }
  }
}
