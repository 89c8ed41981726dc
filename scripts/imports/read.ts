import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { filesBelow, type PackageManifest, packagesOf } from '../workspace.ts'

export interface Import {
  readonly specifier: string
  /** Gone at run time: `import type`, `import('x').T`, an augmentation. */
  readonly typeOnly: boolean
  readonly line: number
}

export interface Module {
  /** Relative to the root: `packages/core/src/index.ts`. */
  readonly file: string
  readonly imports: readonly Import[]
}

export interface PackageSources {
  readonly folder: string
  readonly manifest: PackageManifest
  readonly src: readonly Module[]
  readonly test: readonly Module[]
}

const SOURCE = /\.[cm]?[jt]sx?$/

export function readSources(root: string): PackageSources[] {
  const modules = (folder: string) =>
    filesBelow(root, folder, SOURCE).map((file) => ({
      file,
      imports: importsOf(file, readFileSync(join(root, file), 'utf8')),
    }))
  return packagesOf(root).map(({ folder, manifest }) => ({
    folder,
    manifest,
    src: modules(`packages/${folder}/src`),
    test: modules(`packages/${folder}/test`),
  }))
}

export function importsOf(file: string, text: string): Import[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: Import[] = []
  const add = (name: ts.Node | undefined, typeOnly: boolean) => {
    if (!name || !ts.isStringLiteralLike(name)) return
    const line = source.getLineAndCharacterOfPosition(name.getStart()).line + 1
    found.push({ specifier: name.text, typeOnly, line })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly)
    } else if (ts.isExternalModuleReference(node)) {
      add(node.expression, false)
    } else if (ts.isImportTypeNode(node)) {
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true)
    } else if (ts.isModuleDeclaration(node)) {
      add(node.name, true)
    } else if (ts.isCallExpression(node) && loadsModule(node.expression)) {
      add(node.arguments[0], false)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** `import(...)`, `require(...)`, `require.resolve(...)`, `import.meta.resolve(...)`. */
function loadsModule(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true
  if (ts.isIdentifier(callee)) return callee.text === 'require'
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== 'resolve') return false
  return ts.isMetaProperty(callee.expression) || callee.expression.getText() === 'require'
}
