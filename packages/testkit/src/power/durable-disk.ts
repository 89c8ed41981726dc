import { basename, dirname, relative, resolve, sep } from 'node:path'
import type { SystemCall } from './system-calls.ts'
import { durably, type Folder, type Inode, patched, resized } from './tree.ts'

interface OpenFile {
  readonly inode: Inode
  readonly path: string
  readonly appends: boolean
  readonly synchronous: boolean
  at: number
}

/** What one system call did, as far as the disk or a reader of standard output is concerned. */
export interface DiskStep {
  /** `name`: a file got this name, or a folder was made; `unname`: it lost it; `say`: a line on standard output. */
  readonly kind: 'write' | 'sync' | 'name' | 'unname' | 'say'
  /** Below the recorded folder, with `/`; empty for the folder itself and for `say`. */
  readonly path: string
  /** What was said. */
  readonly text?: string
}

/**
 * A folder as a power loss would leave it: nothing is durable but what was synced. File contents by a sync of the
 * file, names by a sync of their folder; a name that was taken away is gone at once, because it may be. That is the
 * least that POSIX promises, and no file system gives all of this trouble at a time.
 */
export class DurableDisk {
  readonly #root: string
  readonly #tree: Folder
  readonly #open = new Map<number, OpenFile>()

  constructor(root: string, tree: Folder) {
    this.#root = root
    this.#tree = tree
  }

  /** Plays calls in the order in which they ended; `step` hears of each that this folder is concerned by. */
  static play(
    root: string,
    tree: Folder,
    calls: readonly SystemCall[],
    step: (step: DiskStep) => boolean,
  ): void {
    const disk = new DurableDisk(root, tree)
    const events = calls.flatMap((call) => [
      { line: call.begin, run: () => disk.#begin(call) },
      { line: call.end + 0.5, run: () => disk.#end(call) },
    ])
    for (const { run } of events.sort((a, b) => a.line - b.line)) {
      const done = run()
      if (done && !step(done)) return
    }
  }

  /** What a sync will have made durable is what was there when it began. */
  readonly #syncing = new Map<SystemCall, () => void>()

  #begin(call: SystemCall): DiskStep | undefined {
    const { name, args, texts } = call
    switch (name) {
      case 'close':
        this.#open.delete(Number(args))
        return undefined
      case 'fsync':
      case 'fdatasync': {
        const inode = this.#open.get(Number(args))?.inode
        if (inode) this.#syncing.set(call, durably(inode))
        return undefined
      }
      case 'write':
        if (firstNumber(args) !== 1 || this.#open.has(1)) return undefined
        return { kind: 'say', path: '', text: String(texts[0]) }
      case 'unlink':
      case 'rmdir':
      case 'unlinkat': {
        const place = this.#place(texts[0], args)
        if (!place) return undefined
        place.folder.names.delete(place.name)
        place.folder.durable.delete(place.name)
        return { kind: 'unname', path: place.path }
      }
      default:
        return undefined
    }
  }

  #end(call: SystemCall): DiskStep | undefined {
    const { name, args, texts, result } = call
    switch (name) {
      case 'open':
      case 'openat':
      case 'creat':
        return this.#opened(call)
      case 'write':
      case 'writev':
      case 'pwrite64':
      case 'pwritev':
      case 'pwritev2':
        return this.#written(call)
      case 'lseek': {
        const file = this.#open.get(firstNumber(args))
        if (file) file.at = result
        return undefined
      }
      case 'ftruncate': {
        const file = this.#open.get(firstNumber(args))
        if (file?.inode.kind !== 'file') return undefined
        file.inode.bytes = resized(file.inode.bytes, lastNumber(args))
        return { kind: 'write', path: file.path }
      }
      case 'fsync':
      case 'fdatasync': {
        const file = this.#open.get(Number(args))
        const settle = this.#syncing.get(call)
        settle?.()
        return file && settle ? { kind: 'sync', path: file.path } : undefined
      }
      case 'mkdir':
      case 'mkdirat':
        return this.#named(this.#place(texts[0], args), {
          kind: 'folder',
          names: new Map(),
          durable: new Map(),
        })
      case 'link':
      case 'linkat':
        return this.#named(this.#place(texts[1], args), this.#at(texts[0], args))
      case 'rename':
      case 'renameat':
      case 'renameat2': {
        const [from, to] = [this.#place(texts[0], args), this.#place(texts[1], args)]
        const inode = from?.folder.names.get(from.name)
        if (!from && !to) return undefined
        if (!from || !to || !inode) throw new Error(`a rename out of the recorded folder cannot be followed`)
        from.folder.names.delete(from.name)
        return this.#named(to, inode)
      }
      case 'dup':
      case 'dup2':
      case 'dup3':
        if (this.#open.has(firstNumber(args))) throw unknown(call)
        return undefined
      case 'fallocate':
      case 'copy_file_range':
      case 'sendfile':
        if (args.split(', ').some((arg) => this.#open.has(Number(arg)))) throw unknown(call)
        return undefined
      case 'truncate':
      case 'symlink':
      case 'symlinkat':
        if (texts.some((text) => this.#place(text, args))) throw unknown(call)
        return undefined
      default:
        return undefined
    }
  }

  #opened({ args, texts, result, name }: SystemCall): DiskStep | undefined {
    const place = this.#place(texts[0], args)
    this.#open.delete(result)
    if (!place) return undefined
    const { folder, name: own, path } = place
    const known = own === '' ? folder : folder.names.get(own)
    const inode: Inode = known ?? { kind: 'file', bytes: Buffer.alloc(0), durable: Buffer.alloc(0) }
    if (/O_TRUNC/.test(args) || name === 'creat') if (inode.kind === 'file') inode.bytes = Buffer.alloc(0)
    this.#open.set(result, {
      inode,
      path,
      appends: args.includes('O_APPEND'),
      synchronous: /O_D?SYNC/.test(args),
      at: 0,
    })
    return known ? undefined : this.#named(place, inode)
  }

  #written({ name, args, texts, result }: SystemCall): DiskStep | undefined {
    const file = this.#open.get(firstNumber(args))
    if (file?.inode.kind !== 'file') return undefined
    const { inode } = file
    const bytes = Buffer.concat(texts).subarray(0, result)
    const positioned = name.startsWith('pw')
    const at = positioned ? lastNumber(args) : file.appends ? inode.bytes.length : file.at
    if (!positioned) file.at = at + bytes.length
    inode.bytes = patched(inode.bytes, bytes, at)
    if (!file.synchronous) return { kind: 'write', path: file.path }
    inode.durable = patched(inode.durable, bytes, at)
    return { kind: 'sync', path: file.path }
  }

  #named(place: Place | undefined, inode: Inode | undefined): DiskStep | undefined {
    if (!place || !inode) return undefined
    place.folder.names.set(place.name, inode)
    return { kind: 'name', path: place.path }
  }

  #at(text: Buffer | undefined, args: string): Inode | undefined {
    const place = this.#place(text, args)
    return place && (place.name === '' ? place.folder : place.folder.names.get(place.name))
  }

  /** Where a path lies; undefined outside of the recorded folder. */
  #place(text: Buffer | undefined, args: string): Place | undefined {
    if (!text) return undefined
    const given = text.toString()
    if (!given.startsWith('/') && !args.includes('AT_FDCWD') && /^\d/.test(args))
      throw new Error(`${given} is named by an open folder, which cannot be followed`)
    const path = relative(this.#root, resolve(given))
    if (path.startsWith('..')) return undefined
    if (path === '') return { folder: this.#tree, name: '', path }
    let folder = this.#tree
    for (const part of dirname(path) === '.' ? [] : dirname(path).split(sep)) {
      const next = folder.names.get(part)
      if (next?.kind !== 'folder')
        throw new Error(`${path} lies in ${part}, which the recording does not know`)
      folder = next
    }
    return { folder, name: basename(path), path: path.split(sep).join('/') }
  }
}

interface Place {
  readonly folder: Folder
  /** Empty for the recorded folder itself. */
  readonly name: string
  readonly path: string
}

function firstNumber(args: string): number {
  return Number.parseInt(args, 10)
}

function lastNumber(args: string): number {
  return Number(args.slice(args.lastIndexOf(', ') + 2))
}

function unknown({ name }: SystemCall): Error {
  return new Error(`${name} on a recorded file cannot be followed`)
}
