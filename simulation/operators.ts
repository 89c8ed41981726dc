import { hasCode } from '@holdfast/core'
import type { Life } from './life.ts'
import type { World } from './world.ts'

export const ROLES = ['primary', 'sweeper'] as const
export type RoleName = (typeof ROLES)[number]

/** Begins the next tenure of a role, and gives its epoch; undefined when somebody else was faster. */
export async function appoint(life: Life, role: RoleName, holder: string): Promise<number | undefined> {
  const manifest = life.node.service('manifest')
  const epoch = (manifest.role(role)?.epoch ?? 0) + 1
  const { outcomes } = await manifest.commit({ ops: [{ type: 'role', name: role, holder, epoch }] })
  return outcomes[0]?.status === 'done' ? epoch : undefined
}

export interface Mended {
  readonly how: string
  /** Whether it follows the log now. */
  readonly isWell: boolean
}

/** Gives a node the state of another one, if the log still reaches back to that. Gives what became of it. */
export async function install(world: World, life: Life, from: Life): Promise<Mended> {
  const manifest = life.node.service('manifest')
  using rows = from.node.service('manifest').rows()
  const { index } = rows.head.position
  try {
    await manifest.install(rows)
    world.note('a state is installed')
    world.trace(() => `${life.name} has the state of ${from.name} at ${index}`)
    return { how: `installed at ${index}`, isWell: true }
  } catch (error) {
    const isOlder =
      hasCode(error, 'HF_OPTION_INVALID') && (index === 0 || index < manifest.head().position.index)
    const isBelow = hasCode(error, 'HF_LOG_DIVERGED') && index < (world.log?.floor.index ?? 0)
    if (isOlder || isBelow) return { how: `too old at ${index}`, isWell: false }
    throw error
  }
}

/** Nothing that a restart would mend. */
const PASSING = ['HF_LOG_UNAVAILABLE', 'HF_LOG_DIVERGED', 'HF_MANIFEST_CORRUPT', 'HF_DATADIR_TAKEN'] as const

/** Looks whether a node still follows the log, and does what the manual says if not. */
export async function mend(world: World, life: Life, peers: readonly Life[]): Promise<Mended> {
  try {
    await life.node.service('manifest').barrier()
    return { how: 'well', isWell: true }
  } catch (error) {
    if (life.isDead) return { how: 'dead', isWell: false }
    const peer = world.random.pick(peers)
    if (hasCode(error, 'HF_LOG_GAP'))
      return peer ? install(world, life, peer) : { how: 'behind the log', isWell: false }
    if (PASSING.some((code) => hasCode(error, code))) throw error
    // What could not be applied is applied by the next process.
    world.kill(life)
    return { how: 'restarted', isWell: false }
  }
}
