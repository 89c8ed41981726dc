import type { Entry, HoldfastNode, StorageKey } from '@holdfast/core'

const PATH = 'holdfast-verify/file.txt'
const TEXT = 'A node wrote this to see whether its backend keeps it.\n'

export function writeFile(node: HoldfastNode): Promise<Entry> {
  return node.files.write(PATH, TEXT)
}

export async function readFile(node: HoldfastNode): Promise<void> {
  const parts: Uint8Array[] = []
  for await (const part of await node.files.read(PATH)) parts.push(part)
  const found = Buffer.concat(parts).toString()
  if (found !== TEXT) throw new Error(`it gave ${JSON.stringify(found)} for ${JSON.stringify(TEXT)}`)
}

/** From the manifest and then from the store, as everything goes. */
export async function deleteFile(node: HoldfastNode, key: StorageKey): Promise<void> {
  await node.files.delete(PATH, { delay: 0 })
  const { setAside, waiting } = await node.eraser.drain()
  const [refused] = setAside
  if (refused) throw new Error(`it does not delete ${key}: ${refused.setAside}`)
  if (waiting > 0) throw new Error(`its delete of ${key} fails; the node would try again later`)
  if (await node.service('backend').stat(key))
    throw new Error(`it says that ${key} is gone, and still shows it; "gone" must be true`)
}
