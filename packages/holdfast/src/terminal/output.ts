import { messageOf } from '@holdfast/core'
import { EXIT } from './exit.ts'

/** Whoever read the output has enough, such as head: nothing is wrong. */
export function isEnough({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE'
}

/**
 * Keeps output that cannot be written from ending the process in the middle of something. That a disk is full is said,
 * and the exit code is not 0 then.
 */
export function guardOutput(): void {
  process.stderr.on('error', () => undefined)
  let isSaid = false
  process.stdout.on('error', (error) => {
    if (isEnough(error) || isSaid) return
    isSaid = true
    process.stderr.write(`standard output failed: ${messageOf(error)}\n`)
    process.once('exit', () => {
      process.exitCode ||= EXIT.failed
    })
  })
}
