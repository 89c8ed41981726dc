import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'
import { type Module, readSources } from '../imports/read.ts'

/** A test file of a package. */
export interface TestFile {
  /** Name of the package's folder under `packages/`. */
  readonly folder: string
  /** From the root of the workspace. */
  readonly file: string
  /** The module by which it reaches the sources of its package; it cannot run where they are not. */
  readonly inside?: string
}

export function testFilesOf(root: string): TestFile[] {
  return readSources(root).flatMap(({ folder, test }) => {
    const modules = new Map(test.map((module) => [module.file, module]))
    const sources = `packages/${folder}/src/`
    return test
      .filter(({ file }) => file.endsWith('.test.ts'))
      .map(({ file }) => {
        const inside = reaching(root, file, sources, modules)
        return { folder, file, ...(inside !== undefined && { inside }) }
      })
  })
}

/** Follows what a module loads at run time, and the programs beside it that it names, until one loads a source. */
function reaching(
  root: string,
  from: string,
  sources: string,
  modules: ReadonlyMap<string, Module>,
): string | undefined {
  const seen = new Set([from])
  for (const file of seen) {
    const loaded = modules.get(file)?.imports.filter(({ typeOnly }) => !typeOnly) ?? []
    const relatives = loaded.map(({ specifier }) => specifier).filter((name) => name.startsWith('.'))
    for (const target of [...relatives, ...programsIn(root, file)]) {
      const path = posix.join(posix.dirname(file), target)
      if (path.startsWith(sources)) return file
      if (modules.has(path)) seen.add(path)
    }
  }
  return undefined
}

/** Texts in a module that are names of files beside it: `new URL('workload.ts', import.meta.url)`. */
function programsIn(root: string, file: string): string[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(root, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  )
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isImportTypeNode(node)) return
    if (ts.isStringLiteralLike(node) && /^[\w./-]+\.ts$/.test(node.text)) {
      if (existsSync(join(root, posix.dirname(file), node.text))) found.push(node.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}
