import { posix } from 'node:path'
import type { Module } from './read.ts'

/** Circular imports among modules that load one another at run time; type-only imports may be circular. */
export function cyclesOf(modules: readonly Module[]): string[][] {
  const files = new Set(modules.map(({ file }) => file))
  const targets = new Map(modules.map((module) => [module.file, targetsOf(module, files)]))
  const cycles: string[][] = []
  const done = new Set<string>()
  const path: string[] = []

  const visit = (file: string): void => {
    const start = path.indexOf(file)
    if (start >= 0) {
      cycles.push([...path.slice(start), file])
      return
    }
    if (done.has(file)) return
    path.push(file)
    for (const target of targets.get(file) ?? []) visit(target)
    path.pop()
    done.add(file)
  }
  for (const file of files) visit(file)
  return cycles
}

function targetsOf(module: Module, files: ReadonlySet<string>): string[] {
  return module.imports
    .filter(({ specifier, typeOnly }) => !typeOnly && specifier.startsWith('.'))
    .map(({ specifier }) => posix.join(posix.dirname(module.file), specifier))
    .map((path) => path.replace(/\.([cm]?)js$/, '.$1ts'))
    .filter((path) => files.has(path))
}
