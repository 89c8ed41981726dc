export { defineConfig, type HoldfastConfig, type PluginEntry } from './config-file/config.ts'
export { type LoadOptions, loadNode } from './load-node.ts'
export type { LoadCode, LoadProblem } from './loading/load-problem.ts'
export { type StandaloneOptions, standalone } from './standalone.ts'
