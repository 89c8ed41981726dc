import type { GateAction, HoldfastNode, Plugin } from '@holdfast/core'

/** What the suite reads of a package.json. */
export interface PackageMetadata {
  readonly name?: string
  readonly version?: string
  readonly keywords?: readonly string[]
  readonly exports?: unknown
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** Makes the plugin under test: a new one at each call, always with the same options. */
export type PluginFactory = () => Plugin

/** What the plugin's node is, and what its jobs find there. A crash program needs the same. */
export interface PluginSurroundings {
  /** What the plugin needs beside it, such as the manifest. Testkit brings a backend in memory. Default: nothing. */
  readonly node?: (place: { readonly dataDir: string }) => readonly Plugin[]
  /**
   * Makes this many files that the plugin's jobs find, and perhaps some that they do not. The number decides between
   * a run of one chunk and one of several.
   */
  readonly prepare?: (node: HoldfastNode, files: number) => Promise<void>
  /** For each job, a request that finds the prepared files. Default: an empty one. */
  readonly requests?: Readonly<Record<string, object>>
  /** Wall time at the start. Default: that of a new `FakeClock`. */
  readonly now?: number | Date
}

export interface DescribePluginOptions extends PluginSurroundings {
  /** Where package.json lies; or its content, then with `module`. */
  readonly packageJson: URL | PackageMetadata
  /** What the package exports. Default: imported by its name, from where package.json lies. */
  readonly module?: object
  /** Values that knobs must take, for those that take neither 0 nor a negative number. */
  readonly knobs?: Readonly<Record<string, unknown>>
  /** A program that calls `pluginProgram`: it is killed at every failpoint that it passes. */
  readonly program?: string | URL
  /** Actions that its gate tap is asked about, beside those of core and of the node's jobs. */
  readonly actions?: readonly GateAction[]
  /** Longest that its gate tap may take, ms. Default 1000. */
  readonly tapLimit?: number
  /** Time limit of one case, ms. Default 30,000; four times that for the crashes. */
  readonly timeout?: number
}
