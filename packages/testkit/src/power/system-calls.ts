/** A system call that went well, from a log of strace. */
export interface SystemCall {
  readonly name: string
  /** Its arguments as strace shows them, texts left out. */
  readonly args: string
  /** The texts among its arguments, in order. */
  readonly texts: readonly Buffer[]
  readonly result: number
  /** Lines of the log where it began and ended: other threads' calls lie between. */
  readonly begin: number
  readonly end: number
}

/** What strace has to be asked for; with `-f -xx` and texts in full. */
export const TRACED = [
  'open,openat,creat,close,dup,dup2,dup3',
  'write,writev,pwrite64,pwritev,pwritev2,lseek,ftruncate,truncate,fallocate,copy_file_range,sendfile',
  'fsync,fdatasync,msync,sync_file_range',
  'rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir',
].join(',')

/** Longest text of one call, bytes. */
export const LONGEST_TEXT = 64 * 1024 * 1024

const TEXT = /"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/g

/** Reads a log. Calls that failed are left out; those that never ended too. */
export function parseCalls(log: string): SystemCall[] {
  const calls: SystemCall[] = []
  const open = new Map<string, { text: string; begin: number }>()
  for (const [line, content] of log.split('\n').entries()) {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(content) ?? []
    if (rest.endsWith(' <unfinished ...>')) {
      open.set(pid, { text: rest.slice(0, -' <unfinished ...>'.length), begin: line })
      continue
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)
    const begun = resumed ? open.get(pid) : undefined
    if (resumed) open.delete(pid)
    const call = parseCall(begun ? begun.text + resumed?.[1] : rest, begun?.begin ?? line, line)
    if (call) calls.push(call)
  }
  return calls
}

function parseCall(text: string, begin: number, end: number): SystemCall | undefined {
  const [, name = '', shown = '', result = ''] = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(text) ?? []
  if (name === '' || result.startsWith('-')) return undefined
  const texts: Buffer[] = []
  const args = shown.replace(TEXT, (_, hex: string, cut: string | undefined) => {
    if (cut) throw new Error(`a ${name} of more than ${LONGEST_TEXT} bytes cannot be followed`)
    texts.push(Buffer.from(hex.replaceAll('\\x', ''), 'hex'))
    return '"'
  })
  return { name, args, texts, result: Number(result), begin, end }
}
