/** Names of our own plugins that need not be written in full: their ids. Nobody else's can be, so none can be squatted. */
export const SHORT_NAMES: Readonly<Record<string, string>> = {
  'backend-local': '@holdfast/backend-local',
  manifest: '@holdfast/manifest',
  retention: '@holdfast/plugin-retention',
  'inspect-parquet': '@holdfast/inspect-parquet',
}
