import { type ErrorKind, isHoldfastError, messageOf } from '@holdfast/core'
import { EXIT, type ExitCode } from './exit.ts'
import type { Screen } from './screen.ts'
import { printable } from './table.ts'

/** Kinds of errors after which nothing was changed, because something forbids it. */
const REFUSED: readonly ErrorKind[] = ['denied', 'conflict', 'exists']

/** Says what went wrong, and gives the exit code. */
export function fail(screen: Screen, error: unknown): ExitCode {
  if (!isHoldfastError(error)) {
    screen.fault({ message: messageOf(error) }, unexpected(error))
    return EXIT.failed
  }
  const { code, kind, message, context } = error
  const text = message.split('\n').map(printable).join('\n')
  screen.fault(
    { code, kind, message, context },
    `${screen.paint('red', code, process.stderr)}${text.startsWith(code) ? text.slice(code.length) : `: ${text}`}`,
  )
  return REFUSED.includes(kind) ? EXIT.refused : EXIT.failed
}

/** Not one of ours: a fault of the program, or of a plugin, for which its stack is wanted. */
function unexpected(error: unknown): string {
  // The system's own errors say enough: a file of this machine that is not there, or may not be read.
  const isSystems = error instanceof Error && 'syscall' in error
  return error instanceof Error && error.stack && !isSystems ? error.stack : messageOf(error)
}
