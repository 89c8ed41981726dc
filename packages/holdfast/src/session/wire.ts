import { ERROR_CODES, type ErrorCode, HoldfastError, isHoldfastError, messageOf } from '@holdfast/core'
import type { Step } from '../operations/operation.ts'

/**
 * What goes over the socket of a running node: HTTP, one POST for an operation. The body is the request as one line of
 * JSON, then the bytes that belong to it; the answer is lines of JSON, bytes between them where a line says so, and a
 * result or an error at the end.
 */
export const ROUTE = '/v1/'

/** Longest line of a request, bytes. */
export const REQUEST_BYTES = 1024 * 1024

export const LINE_END = 0x0a

export type Line =
  | { readonly item: unknown }
  /** So many bytes come behind it, which are no lines. */
  | { readonly bytes: number }
  | { readonly step: Step }
  | { readonly result: unknown }
  | { readonly error: WireError }

interface WireError {
  /** Absent for what is no error of Holdfast's. */
  readonly code?: string
  readonly message: string
  readonly kind?: string
  readonly retryable?: boolean
  readonly operation?: string
  readonly context?: Readonly<Record<string, unknown>>
}

export function encodeError(error: unknown): Line {
  if (!isHoldfastError(error)) return { error: { message: messageOf(error) } }
  const { code, kind, retryable, operation, context, message } = error
  return {
    error: { code, message: bare(message, code), kind, retryable, ...(operation && { operation }), context },
  }
}

/** As it was thrown on the other side. A code of another version keeps its text. */
export function decodeError({ code, message, kind, ...details }: WireError): Error {
  if (code === undefined || !(code in ERROR_CODES)) return new Error(code ? `${code}: ${message}` : message)
  return new HoldfastError(code as ErrorCode, message, {
    ...details,
    ...(kind !== undefined && { kind: kind as HoldfastError['kind'] }),
  })
}

function bare(message: string, code: string): string {
  return message.startsWith(`${code}: `) ? message.slice(code.length + 2) : message
}

/** An answer as it comes: its lines, and the bytes that were announced. What was cut off in a line is left out. */
export async function* partsOf(
  source: AsyncIterable<Buffer>,
): AsyncGenerator<Exclude<Line, { bytes: number }> | Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  let announced = 0
  for await (const piece of source) {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    for (;;) {
      const end = announced > 0 ? Math.min(announced, rest.length) : rest.indexOf(LINE_END)
      if (end < 0 || rest.length === 0) break
      if (announced > 0) {
        yield rest.subarray(0, end)
        announced -= end
        rest = rest.subarray(end)
        continue
      }
      const line = JSON.parse(rest.toString('utf8', 0, end)) as Line
      rest = rest.subarray(end + 1)
      if ('bytes' in line) announced = line.bytes
      else yield line
    }
  }
}
