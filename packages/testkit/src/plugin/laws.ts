import type { Plugin } from '@holdfast/core'

/** What every plugin owes to the node that it is in. The titles of the suite's cases, and the words of its failures. */
export const LAWS = {
  metadata: 'the metadata agrees with package.json, and the package can be named',
  independence: 'two plugins of one factory share nothing',
  setup: 'setup is synchronous, opens nothing and registers what the plugin declares',
  stop: 'nothing is left after a stop',
  knobs: 'unset gives the default; 0 and negative are taken or refused by name',
  unknownOption: 'an unknown option is refused',
  absent: 'what is not declared is not there',
  gate: 'a closed gate is obeyed',
  dryRun: 'a dry run and a plan change nothing',
  convergence: 'a run does what it planned, and the next one finds nothing to change',
  faults: 'a fault of the backend delays the result and does not change it',
  crash: 'killed at any failpoint, the next life comes to the same result',
  cancellation: 'a cancelled run counts exactly what it has done',
  neighbour: 'a failing gate tap of another plugin denies, and its other taps are its own business',
  events: 'a tap takes every event in time, and gives nothing back',
  inspecting: 'an inspectFile tap answers for every file in time, with times or with undefined',
  tap: 'a gate tap answers every action in time, with a denial or with undefined',
} as const
export type Law = keyof typeof LAWS

/** The message of an assertion: which plugin breaks which law, and how. */
export function breaks(law: Law, plugin: Pick<Plugin, 'name'>, how: string): string {
  return `${plugin.name} breaks the law "${LAWS[law]}": ${how}`
}
