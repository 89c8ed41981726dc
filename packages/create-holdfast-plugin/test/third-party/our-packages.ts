import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { environment, run } from './registry.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..', '..')

/** Packs all packages of this workspace as a release would, and gives the tarballs. */
export async function packOurs(folder: string): Promise<string[]> {
  const into = join(folder, 'tarballs')
  mkdirSync(into)
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const packages = join(ROOT, 'packages')
  const ours = readdirSync(packages).filter((name) => existsSync(join(packages, name, 'package.json')))
  await Promise.all(
    ours.map(async (name) => {
      const own = join(packages, name)
      if (!existsSync(join(own, 'dist'))) throw new Error(`packages/${name} is not built: pnpm run build`)
      const args = ['--yes', packageManager, 'pack', '--pack-destination', into]
      const { code, output } = await run('npx', args, own, environment())
      if (code !== 0) throw new Error(`packages/${name} cannot be packed: ${output}`)
    }),
  )
  return readdirSync(into).map((file) => join(into, file))
}
