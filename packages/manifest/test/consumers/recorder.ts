import {
  type CommittedBatch,
  type DeletedFile,
  definePlugin,
  type ManifestReset,
  type Plugin,
  type TapOptions,
} from '@holdfast/core'

/** What a plugin's taps were given, in order. */
export interface Recorded {
  readonly batches: CommittedBatch[]
  readonly deleted: DeletedFile[]
  readonly resets: ManifestReset[]
}

interface RecorderOptions extends TapOptions {
  readonly recorded?: Recorded
  /** Called with each event before it counts as seen. */
  readonly act?: (event: CommittedBatch | ManifestReset | DeletedFile) => unknown
}

/** A plugin that taps both hooks and writes down what it gets. */
export function recorder(
  id: string,
  { recorded = { batches: [], deleted: [], resets: [] }, act, ...options }: RecorderOptions = {},
): { readonly plugin: Plugin } & Recorded {
  const plugin = definePlugin({
    name: `test-${id}`,
    id,
    version: '1.0.0',
    api: '1.0',
    setup({ hooks }) {
      hooks.onManifestBatch.tap(options, async (event) => {
        if (event.type === 'reset') recorded.resets.push(event)
        else recorded.batches.push(event)
        await act?.(event)
      })
      hooks.onFileDeleted.tap(options, async (file) => {
        recorded.deleted.push(file)
        await act?.(file)
      })
    },
  })
  return { plugin, ...recorded }
}
