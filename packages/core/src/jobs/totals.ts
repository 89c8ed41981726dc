import type { PlanItem, Totals } from './plan.ts'

export const NOTHING: Totals = { files: 0, bytes: 0, rows: 0 }

export function add(a: Totals, b: Totals): Totals {
  return { files: a.files + b.files, bytes: a.bytes + b.bytes, rows: a.rows + b.rows }
}

export function totalsOf(items: readonly PlanItem[]): Totals {
  let bytes = 0
  let rows = 0
  for (const item of items) {
    bytes += item.size
    rows += item.rows ?? 0
  }
  return { files: items.length, bytes, rows }
}

export function addCounts(into: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(more)) into[name] = (into[name] ?? 0) + count
}
