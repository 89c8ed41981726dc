export { MANIFEST_FAILPOINTS } from './failpoints.ts'
export { type ManifestOptions, manifest, manifest as plugin } from './manifest.ts'
