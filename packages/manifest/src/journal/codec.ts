import type { FilePath, PlanItem, StorageKey } from '@holdfast/core'
import { type ByteReader, type ByteWriter, newer } from '../format/bytes.ts'

const VERSION = 1

function version(payload: ByteReader, what: string): void {
  const found = payload.u8()
  if (found > VERSION) throw newer(what, found)
}

/** Records of runs and plans: few, with optional parts, so JSON. Damage is found by the seal around it. */
export function writeRecord(record: object): (payload: ByteWriter) => void {
  return (payload) => payload.u8(VERSION).text(JSON.stringify(record))
}

export function readRecord<T>(what: string): (payload: ByteReader) => T {
  return (payload) => {
    version(payload, what)
    return JSON.parse(payload.text()) as T
  }
}

/** Items come by the million: bytes, and what repeats within a block (namespaces, reasons) only once. */
export function writeBlock(items: readonly PlanItem[]): (payload: ByteWriter) => void {
  return (payload) => {
    const words = new Map<string, number>()
    for (const { namespace, reason } of items)
      for (const word of [namespace, reason]) if (!words.has(word)) words.set(word, words.size)
    const numberOf = (word: string) => words.get(word) as number
    payload.u8(VERSION).varint(words.size)
    for (const word of words.keys()) payload.text(word)
    payload.varint(items.length)
    for (const { path, key, generation, namespace, size, rows, reason } of items) {
      payload.text(path).text(key === (path as string) ? '' : key)
      payload.varint(generation).varint(numberOf(namespace)).varint(size)
      payload.varint(rows === undefined ? 0 : rows + 1).varint(numberOf(reason))
    }
  }
}

export function readBlock(payload: ByteReader): PlanItem[] {
  version(payload, 'a plan')
  const words = Array.from({ length: payload.varint() }, () => payload.text())
  const word = () => words[payload.varint()] as string
  return Array.from({ length: payload.varint() }, () => {
    const path = payload.text() as FilePath
    const key = (payload.text() || path) as StorageKey
    const generation = payload.varint()
    const namespace = word()
    const size = payload.varint()
    const rows = payload.varint()
    const reason = word()
    return { path, key, generation, namespace, size, ...(rows > 0 && { rows: rows - 1 }), reason }
  })
}
