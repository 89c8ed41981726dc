/** A tarball has no sources, so it has no condition that leads to them either. */
export const hooks = {
  beforePacking(manifest) {
    for (const entry of Object.values(manifest.exports ?? {})) {
      if (typeof entry === 'object' && entry !== null) delete entry['holdfast-source']
    }
    return manifest
  },
}
