import type { JsonValue, Role, Setting } from '@holdfast/core'
import { type ByteReader, type ByteWriter, newer } from './bytes.ts'

/** Formats of a tenure and of a setting. */
const VERSION = 1

export function writeRole(writer: ByteWriter, { holder, epoch }: Omit<Role, 'name'>): void {
  writer.u8(VERSION).text(holder).varint(epoch)
}

export function readRole(reader: ByteReader): Omit<Role, 'name'> {
  const version = reader.u8()
  if (version !== VERSION) throw newer('a role', version)
  return { holder: reader.text(), epoch: reader.varint() }
}

export function writeSetting(writer: ByteWriter, { value, generation }: Omit<Setting, 'name'>): void {
  writer.u8(VERSION).varint(generation).text(JSON.stringify(value))
}

export function readSetting(reader: ByteReader): Omit<Setting, 'name'> {
  const version = reader.u8()
  if (version !== VERSION) throw newer('a setting', version)
  const generation = reader.varint()
  return { generation, value: JSON.parse(reader.text()) as JsonValue }
}
