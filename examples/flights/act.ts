import type { Counts } from './expected.ts'

/** What a life of the node tells the program that started it, in the order in which it happens. */
export type Act =
  /** What it found: files that are listed, and condemned ones whose bytes are still to be erased. */
  | { readonly act: 'started'; readonly listed: number; readonly toErase: number }
  /** After every file. */
  | { readonly act: 'writing'; readonly done: number; readonly total: number }
  /** `written`: files of this life. `stored`: what the ingest has listed, in this life or in earlier ones. */
  | { readonly act: 'ingested'; readonly written: number; readonly stored: Counts }
  /** Once, before anything expires; all numbers are files. */
  | {
      readonly act: 'rehearsed'
      readonly explained: {
        readonly path: string
        readonly policy: string
        readonly because: string
      }
      readonly current: number
      readonly simulated: number
      readonly planned: number
      readonly held: { readonly folder: string; readonly inPlan: number; readonly inRun: number }
      readonly tried: number
      readonly undone: { readonly files: number; readonly policies: readonly string[] }
    }
  /** After every chunk. */
  | { readonly act: 'expiring'; readonly done: number; readonly total: number }
  /** `condemned`: files of this life. No bytes are left to erase, also of those that an earlier life condemned. */
  | { readonly act: 'expired'; readonly condemned: number }
  /** `kept` was read back file by file; `unlisted` are keys in the store that no listed file has. */
  | { readonly act: 'verified'; readonly kept: Counts; readonly unlisted: readonly string[] }
  | { readonly act: 'failed'; readonly message: string }

export type ActOf<A extends Act['act']> = Extract<Act, { readonly act: A }>
