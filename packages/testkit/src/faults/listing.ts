import type { Backend, ListField, ListOptions, ListPage } from '@holdfast/core'
import { cancelled } from './fault-plan.ts'

/** A listing that was true once, kept as whole columns. */
export type Snapshot = Required<Pick<ListPage, 'keys'>> & Omit<ListPage, 'keys'>

/** Everything that a backend holds now, with the columns that it can give. */
export async function snapshotOf(backend: Backend): Promise<Snapshot> {
  const fields: ListField[] = ['sizes', 'changedAt']
  if (backend.capabilities.listVersions) fields.push('versions')
  const pages: ListPage[] = []
  for await (const page of backend.list({ fields })) pages.push(page)
  return joined(pages)
}

/** The same keys in pages of at most `most`, with the columns that are asked for. */
export async function* inPages(pages: AsyncIterable<ListPage>, most: number): AsyncGenerator<ListPage> {
  for await (const page of pages)
    for (let at = 0; at < page.keys.length; at += most) yield cut(page, at, at + most)
}

/** A listing of what a snapshot holds, as the backend would have given it then. */
export async function* listSnapshot(
  snapshot: Snapshot,
  { prefix = '', after, until, fields = [], signal }: ListOptions = {},
  most = 1000,
): AsyncGenerator<ListPage> {
  const bytes = (text: string) => Buffer.from(text)
  const wanted = snapshot.keys.flatMap((key, index) =>
    key.startsWith(prefix) &&
    (after === undefined || Buffer.compare(bytes(after), bytes(key)) < 0) &&
    (until === undefined || Buffer.compare(bytes(key), bytes(until)) < 0)
      ? [index]
      : [],
  )
  const throwIfCancelled = () => {
    if (signal?.aborted) throw cancelled('list', signal)
  }
  throwIfCancelled()
  for (let at = 0; at < wanted.length; at += most) {
    const part = wanted.slice(at, at + most)
    const column = <T>(values: readonly T[] | undefined) => part.map((index) => values?.[index] as T)
    yield {
      keys: column(snapshot.keys),
      ...(fields.includes('sizes') && { sizes: column(snapshot.sizes) }),
      ...(fields.includes('changedAt') && { changedAt: column(snapshot.changedAt) }),
      ...(fields.includes('versions') && { versions: column(snapshot.versions) }),
    }
    throwIfCancelled()
  }
}

function joined(pages: readonly ListPage[]): Snapshot {
  return {
    keys: pages.flatMap(({ keys }) => keys),
    sizes: pages.flatMap(({ sizes }) => sizes ?? []),
    changedAt: pages.flatMap(({ changedAt }) => changedAt ?? []),
    versions: pages.flatMap(({ versions }) => versions ?? []),
  }
}

function cut(page: ListPage, from: number, to: number): ListPage {
  return {
    keys: page.keys.slice(from, to),
    ...(page.sizes && { sizes: page.sizes.slice(from, to) }),
    ...(page.changedAt && { changedAt: page.changedAt.slice(from, to) }),
    ...(page.versions && { versions: page.versions.slice(from, to) }),
  }
}
