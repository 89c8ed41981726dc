export { type StandaloneOptions, standalone } from './standalone.ts'
