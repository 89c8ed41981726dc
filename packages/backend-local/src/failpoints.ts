import type { FailpointName } from '@holdfast/core'

declare module '@holdfast/core' {
  interface Failpoints {
    'local.write.temp': true
    'local.write.linked': true
    'local.delete.before': true
    'local.delete.after': true
  }
}

/** Both sides of each step that changes what a reader sees: giving a file its name, and taking it away. */
export const LOCAL_FAILPOINTS = [
  'local.write.temp',
  'local.write.linked',
  'local.delete.before',
  'local.delete.after',
] as const satisfies readonly FailpointName[]
