import { type HoldfastNode, hasCode, type ServiceName, type Services } from '@holdfast/core'

/** A service of a node; undefined where no plugin provides it. */
export function serviceOf<S extends ServiceName>(node: HoldfastNode, name: S): Services[S] | undefined {
  try {
    return node.service(name)
  } catch (error) {
    if (hasCode(error, 'HF_SERVICE_MISSING')) return undefined
    throw error
  }
}

/** Every item of a scan, page by page. */
export function* pagesOf<T>(
  page: (query: { readonly after?: string }) => { readonly items: readonly T[]; readonly next?: string },
): Generator<readonly T[]> {
  for (let after: string | undefined; ; ) {
    const { items, next } = page(after === undefined ? {} : { after })
    yield items
    if (next === undefined) return
    after = next
  }
}
