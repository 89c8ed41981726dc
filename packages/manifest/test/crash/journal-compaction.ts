// Argument: the folder of a journal that no node has open. Compacts it, however small it is, and says whether it did.
import { MANIFEST_FAILPOINTS } from '@holdfast/manifest'
import { crashChild } from '@holdfast/testkit'
import { compact } from '../../src/journal/compact.ts'

const [folder = ''] = process.argv.slice(2)
const failpoints = crashChild()
failpoints.declare(MANIFEST_FAILPOINTS)
console.log(await compact(folder, failpoints, 0))
