import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Act, ActOf } from './act.ts'
import { createProgress, type Progress } from './progress.ts'

export interface LifeOptions {
  /** It kills itself after the second chunk of retention, if it gets that far. */
  readonly toBeKilled: boolean
  /** Called for every act as it happens. */
  readonly onAct: (act: Act) => void
}

/** How a life ended, and what it told. */
export interface Life {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  hasTold(name: Act['act']): boolean
  /** The last act of this name. @throws Error when it did not get that far */
  told<A extends Act['act']>(name: A): ActOf<A>
}

/** Starts a process that owns the node of a data folder, shows its progress, and waits for its end. */
export async function runLife(folder: string, { toBeKilled, onAct }: LifeOptions): Promise<Life> {
  // fork gives the child the flags of this process, so that both find the same packages.
  const program = fileURLToPath(new URL('life.ts', import.meta.url))
  const child = fork(program, [folder, ...(toBeKilled ? ['to-be-killed'] : [])])
  const acts = new Map<Act['act'], Act>()
  let bar: Progress | undefined
  const endBar = () => {
    bar?.end()
    bar = undefined
  }
  child.on('message', (message) => {
    const act = message as Act
    acts.set(act.act, act)
    if (act.act === 'writing' || act.act === 'expiring') {
      const label = act.act === 'writing' ? '  written' : '  expired'
      bar ??= createProgress({ label, total: act.total })
      bar.update(act.done)
      return
    }
    endBar()
    onAct(act)
  })
  // What a process told before its end may arrive after the news of its end; the channel closes when all is read.
  const [[code, signal]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')])
  endBar()
  return {
    code,
    signal,
    hasTold: (name) => acts.has(name),
    told<A extends Act['act']>(name: A) {
      const act = acts.get(name) as ActOf<A> | undefined
      if (act === undefined) throw new Error(`the node's process ended before it told of "${name}"`)
      return act
    },
  }
}
