/** Folders beside the config file, by name. */
export interface FolderNames {
  readonly data: string
  readonly files: string
}

/**
 * A first config file. It imports nothing of ours but a type, which Node takes away: so it loads wherever the command is
 * installed.
 */
export function configText({ data, files }: FolderNames): string {
  return `import { join } from 'node:path'
import type { HoldfastConfig } from 'holdfast'

/** A folder beside this file, whatever folder a command is called from. */
const beside = (name: string) => join(import.meta.dirname, name)

// Every setting: holdfast config docs. What holds, and where it came from: holdfast config show.
export default {
  plugins: ['backend-local', 'manifest', 'retention'],
  config: {
    // The bytes of the files. Only the node writes and deletes here.
    'backend-local': { root: beside('${files}') },
    // Which files exist. On a local disk; to copy it, stop the node.
    manifest: { dataDir: beside('${data}') },
    retention: {
      // Nothing is deleted by itself while this is off. See what would go: holdfast retention plan. Delete that once:
      // holdfast retention run --act. Then, every night at three, UTC: '0 3 * * *'.
      schedule: 'off',
      policies: [
        {
          id: 'a-year',
          // Which files: 'sales/**', 'logs/*.json'. This is all whose times are known, by their paths
          // (<folder>/yyyy/mm/dd/hh/<file>) or because whoever wrote them said so.
          match: '**',
          // They go when their newest row is older than this,
          maxAge: '365d',
          // were written at least so long ago,
          minAge: '7d',
          // and are not the newest of their namespace.
          keepNewest: 1,
        },
      ],
      // Deleted files can be brought back for so long: holdfast files undo.
      eraseDelay: '7d',
      // A run that would take more than this part of a namespace, or its last file, is refused as a whole.
      maxShare: '20%',
      emptiness: 'refuse',
    },
  },
} satisfies HoldfastConfig
`
}
