import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FailpointRegistry } from '@holdfast/core'
import { syncPath } from '../disk/durable-folder.ts'

/** Damage that was found, and in which file: another one in its place is looked at anew. */
export interface Finding {
  readonly where: 'manifest' | 'journal'
  readonly problem: string
}

interface Mark {
  readonly format: 1
  readonly state: 'open' | 'closed'
  /** Size of the manifest's file when it was closed, bytes. */
  readonly size?: number
  readonly damage?: Finding & { readonly file: string }
}

/** What has to be done before the environments are opened. */
export type Verdict =
  | { readonly kind: 'new' }
  | { readonly kind: 'sound' }
  | { readonly kind: 'look'; readonly why: string }
  | { readonly kind: 'damaged'; readonly finding: Finding }

/**
 * How the last life of this data folder ended, in `last-stop.json`. LMDB itself does not say: a process that was
 * killed by a damaged page leaves the same file behind as one that was stopped.
 */
export class LastStop {
  readonly #dataDir: string
  readonly #file: string
  readonly #failpoints: FailpointRegistry

  constructor(dataDir: string, failpoints: FailpointRegistry) {
    this.#dataDir = dataDir
    this.#file = join(dataDir, 'last-stop.json')
    this.#failpoints = failpoints
  }

  judge(): Verdict {
    const mark = this.#read()
    const size = statSync(this.#data('manifest'), { throwIfNoEntry: false })?.size ?? 0
    if (mark?.damage && mark.damage.file === this.#identity(mark.damage.where))
      return { kind: 'damaged', finding: mark.damage }
    if (size === 0) {
      if (mark === undefined) return { kind: 'new' }
      return { kind: 'damaged', finding: { where: 'manifest', problem: 'its file is empty or gone' } }
    }
    if (mark === undefined) return { kind: 'look', why: 'nothing says how the last process ended' }
    if (mark.state === 'open') return { kind: 'look', why: 'the last process was not stopped' }
    // A file only grows. Bit rot at rest is left to the seals: looking at all rows at every start would cost too much.
    if (size < (mark.size ?? 0)) return { kind: 'look', why: 'the file is smaller than it was' }
    return { kind: 'sound' }
  }

  /** Whether the last process is known not to have stopped. */
  get isOpen(): boolean {
    return this.#read()?.state === 'open'
  }

  /** Before the environment is opened; for a new one right after. */
  async opened(): Promise<void> {
    if (this.#failpoints.armed) await this.#failpoints.hit('mark.open.before')
    this.#write({ format: 1, state: 'open' })
    if (this.#failpoints.armed) await this.#failpoints.hit('mark.open.after')
  }

  /** After everything is closed. */
  async closed(): Promise<void> {
    if (this.#failpoints.armed) await this.#failpoints.hit('mark.closed.before')
    this.#write({ format: 1, state: 'closed', size: statSync(this.#data('manifest')).size })
    if (this.#failpoints.armed) await this.#failpoints.hit('mark.closed.after')
  }

  /** So that the next start knows without looking. */
  damaged(finding: Finding): void {
    this.#write({ format: 1, state: 'open', damage: { ...finding, file: this.#identity(finding.where) } })
  }

  #data(where: Finding['where']): string {
    return join(this.#dataDir, where, 'data.mdb')
  }

  /** Another file, or the same with other content, has another one. */
  #identity(where: Finding['where']): string {
    const found = statSync(this.#data(where), { throwIfNoEntry: false })
    return found ? `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}` : 'none'
  }

  /** What cannot be read says nothing, and then everything is looked at. */
  #read(): Mark | undefined {
    let text: string
    try {
      text = readFileSync(this.#file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    try {
      const mark = JSON.parse(text) as Mark | null
      if (mark?.format === 1 && mark.state === 'closed' && Number.isInteger(mark.size)) return mark
      const where = mark?.damage?.where
      if (mark?.format === 1 && (where === 'manifest' || where === 'journal')) return mark
    } catch {
      // As for a mark that says something else.
    }
    return { format: 1, state: 'open' }
  }

  #write(mark: Mark): void {
    const next = `${this.#file}.new`
    try {
      writeFileSync(next, `${JSON.stringify(mark)}\n`, { flush: true })
      renameSync(next, this.#file)
    } catch (error) {
      rmSync(next, { force: true })
      throw error
    }
    syncPath(this.#dataDir)
  }
}
