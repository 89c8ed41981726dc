import type { HoldfastNode } from '@holdfast/core'
import type { Opened } from '../src/opened.ts'
import type { ManifestService } from '../src/service.ts'

/** The inside of a started node's manifest. */
export function openedOf(node: HoldfastNode): Opened {
  return (node.service('manifest') as ManifestService).opened()
}
