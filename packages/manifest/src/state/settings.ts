import type { JsonValue, Role, Setting } from '@holdfast/core'
import { named, TABLE } from '../format/rows.ts'
import { readRole, readSetting, writeRole, writeSetting } from '../format/settings.ts'
import type { Rows } from './rows.ts'

/** Tenures and settings: rows by name. */
export class Settings {
  readonly #rows: Rows

  constructor(rows: Rows) {
    this.#rows = rows
  }

  role(name: string): Role | undefined {
    const row = this.#rows.get(named(TABLE.role, name), readRole)
    return row && { name, ...row }
  }

  begin({ name, ...row }: Role): void {
    this.#rows.put(named(TABLE.role, name), (payload) => writeRole(payload, row))
  }

  setting(name: string): Setting | undefined {
    const row = this.#rows.get(named(TABLE.setting, name), readSetting)
    return row && { name, ...row }
  }

  set(name: string, value: JsonValue, generation: number): void {
    this.#rows.put(named(TABLE.setting, name), (payload) => writeSetting(payload, { value, generation }))
  }

  unset(name: string): void {
    this.#rows.remove(named(TABLE.setting, name))
  }
}
