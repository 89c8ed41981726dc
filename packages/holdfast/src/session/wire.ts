import { ERROR_CODES, type ErrorCode, HoldfastError, isHoldfastError, messageOf } from '@holdfast/core'
import type { Step } from '../operations/operation.ts'

/**
 * What goes over the socket of a running node: HTTP, one POST for an operation. The body is the request as one line of
 * JSON, then the bytes that belong to it; the answer is lines of JSON, of which the last is a result or an error.
 */
export const ROUTE = '/v1/'

/** Longest line of a request, bytes. */
export const REQUEST_BYTES = 1024 * 1024

export type Line =
  | { readonly item: unknown }
  /** Base64. */
  | { readonly bytes: string }
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

export function encodeItem(item: unknown): Line {
  return item instanceof Uint8Array ? { bytes: Buffer.from(item).toString('base64') } : { item }
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

/** Whole lines of text out of bytes. */
export async function* linesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of source) {
    rest += decoder.decode(bytes, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() as string
    yield* lines
  }
}
