import { type HoldfastNode, hasCode, type ServiceName, type Services } from '@holdfast/core'

/** A service of a started node, or undefined when no plugin provides it. */
export function serviceIn<S extends ServiceName>(node: HoldfastNode, name: S): Services[S] | undefined {
  try {
    return node.service(name)
  } catch (error) {
    if (hasCode(error, 'HF_SERVICE_MISSING')) return undefined
    throw error
  }
}
