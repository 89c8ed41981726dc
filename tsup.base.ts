import type { Options } from 'tsup'

/** One build for every package: ESM only, no declarations (tsc makes those). */
export const base: Options = {
  format: ['esm'],
  target: 'node22',
  platform: 'node',
  dts: false,
  clean: true,
  sourcemap: true,
}
