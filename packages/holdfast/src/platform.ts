/** The oldest Node that a node runs on; `engines` in package.json says the same. */
const OLDEST = [22, 19] as const

/** Why nothing can be done here, in one sentence; undefined where all is well. */
export function platformProblem({
  platform,
  version,
}: Pick<NodeJS.Process, 'platform' | 'version'>): string | undefined {
  if (platform === 'win32')
    return 'holdfast does not run on Windows, whose file systems give no way to make a rename durable; use Linux, or WSL with its own disk.'
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined
  return `holdfast needs Node ${OLDEST.join('.')} or newer, and this is ${version.slice(1)}.`
}
