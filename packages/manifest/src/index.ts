export { type CheckOptions, checkDataDir, type DataDirReport } from './damage/check-data-dir.ts'
export { MANIFEST_FAILPOINTS } from './failpoints.ts'
export { type ManifestOptions, manifest, manifest as plugin } from './manifest.ts'
