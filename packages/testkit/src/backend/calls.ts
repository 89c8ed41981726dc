import {
  type Backend,
  type BackendErrorKind,
  type HoldfastError,
  isHoldfastError,
  type ListOptions,
  type ListPage,
  type ReadOptions,
} from '@holdfast/core'
import { expect } from 'vitest'
import type { BackendUnderTest } from './describe-backend.ts'

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Bytes without a pattern that a shifted or repeated piece could hide in. */
export function noise(size: number, seed = 1): Buffer {
  const words = new Uint32Array(Math.ceil(size / 4))
  let state = seed >>> 0 || 1
  for (let i = 0; i < words.length; i++) {
    // xorshift32: fast, and the same on every machine.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
  return Buffer.from(words.buffer, 0, size)
}

/** A stream of these bytes in pieces of this size. */
export async function* inPieces(whole: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size)
}

export async function readAll(backend: Backend, key: string, options?: ReadOptions): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of await backend.read(key, options)) parts.push(part)
  return Buffer.concat(parts)
}

export async function pagesOf(backend: Backend, options?: ListOptions): Promise<ListPage[]> {
  const pages: ListPage[] = []
  for await (const page of backend.list(options)) {
    expect(page.keys.length, 'keys of a page').toBeGreaterThan(0)
    pages.push(page)
  }
  return pages
}

export async function keysOf(backend: Backend, options?: ListOptions): Promise<string[]> {
  return (await pagesOf(backend, options)).flatMap(({ keys }) => keys)
}

/** Writes many small objects, a few at a time; each holds its own key. */
export async function writeAll(backend: Backend, keys: Iterable<string>, atOnce = 32): Promise<void> {
  const queue = keys[Symbol.iterator]()
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next())
      await backend.write(next.value, bytes(next.value))
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

export function inByteOrder(keys: Iterable<string>): string[] {
  return [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** What a call rejected with. A call that resolves fails the test. */
export async function failureOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  return expect.unreachable('the call resolved')
}

/** Expects a coded error of this kind, and gives it. */
export async function expectKind(
  call: () => Promise<unknown>,
  kind: BackendErrorKind,
): Promise<HoldfastError> {
  const error = await failureOf(call)
  if (!isHoldfastError(error)) throw error
  expect(error).toMatchObject({ kind })
  expect(['HF_BACKEND', 'HF_UNSUPPORTED']).toContain(error.code)
  return error
}

/** Expects that no call shows anything of a key. */
export async function expectNothingAt(backend: Backend, key: string): Promise<void> {
  expect(await backend.stat(key)).toBeUndefined()
  expect(await keysOf(backend, { prefix: key })).not.toContain(key)
  await expectKind(() => readAll(backend, key), 'not_found')
}

/** The store as the next process would have it; the same instance where there is nothing to open. */
export async function reopened({ backend, reopen }: BackendUnderTest): Promise<Backend> {
  return reopen === 'none' ? backend : reopen()
}
