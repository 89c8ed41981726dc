/** Both sides of each step that changes what a reader sees: giving a file its name, and taking it away. */
export const LOCAL_FAILPOINTS = [
  'local.write.temp',
  'local.write.linked',
  'local.delete.before',
  'local.delete.after',
] as const

declare module '@holdfast/core' {
  interface Failpoints extends Record<(typeof LOCAL_FAILPOINTS)[number], true> {}
}
