import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { RESERVED_FOLDER, type StoreRecords } from '@holdfast/core'
import type { DataDirFacts, Recorded, StoreFacts, StoreRecord } from '@holdfast/manifest'
import { count, time } from '../terminal/units.ts'
import { type Check, type Finding, failed, ok, warning } from './finding.ts'

/** What a data folder whose node does not run says about itself. */
export function dataDirFindings(dataDir: string, facts: DataDirFacts): readonly Finding[] {
  return [
    lockFinding(dataDir, facts.lock),
    endFinding(dataDir, facts.end),
    nodeIdFinding(dataDir, facts.node),
  ].concat(manifestFindings(dataDir, facts))
}

type Bad = Exclude<Recorded<unknown>, { state: 'absent' | 'read' }>

/** Of a record that cannot be used. */
function unusable(check: Check, file: string, bad: Bad, cure: string): Finding {
  switch (bad.state) {
    case 'newer':
      return failed(
        check,
        `${file} has format ${bad.format}, which this version does not know`,
        'start a later version',
      )
    case 'damaged':
      return failed(check, `${file} is damaged: ${bad.problem}`, cure)
    case 'unreadable':
      return failed(
        check,
        `${file} cannot be read: ${bad.problem}`,
        'let this user read it; it must be a file',
      )
  }
}

function lockFinding(dataDir: string, lock: DataDirFacts['lock']): Finding {
  const file = join(dataDir, 'lock')
  if (lock.state === 'absent') return ok('lock', 'no process owns the data folder')
  if (lock.state !== 'read')
    return unusable('lock', file, lock, `if no process uses ${dataDir}, remove ${file}`)
  const { pid, host, alive } = lock.value
  if (pid === 0) return ok('lock', 'the lock says nothing that can be read; the next start replaces it')
  if (!alive)
    return ok(
      'lock',
      `process ${pid}, which owned the data folder, is gone; the next start replaces its lock`,
    )
  if (host !== hostname())
    return failed(
      'lock',
      `process ${pid} on ${host} owns the data folder, and nothing can be known of it from here`,
      `look on ${host}; if that host is gone for good, remove ${file}`,
    )
  return warning(
    'lock',
    `process ${pid} owns the data folder and hears no command: it starts, or is a program of its own, or hangs`,
    `wait and look again; ps -fp ${pid} shows what it is`,
  )
}

function endFinding(dataDir: string, end: DataDirFacts['end']): Finding {
  if (end.state === 'absent') return ok('last-stop', 'no node has used the data folder yet')
  if (end.state !== 'read')
    return unusable(
      'last-stop',
      join(dataDir, 'last-stop.json'),
      end,
      'remove it: the next start looks at every row',
    )
  const { how, why = '' } = end.value
  switch (how) {
    case 'stopped':
      return ok('last-stop', 'the last process stopped in good order')
    case 'damaged':
      return failed(
        'last-stop',
        `a start is refused: ${why}`,
        `put ${dataDir} back from a copy; the files are not touched`,
      )
    case 'not stopped':
    case 'unknown':
      return warning(
        'last-stop',
        `${why}: the next start looks at every row first`,
        'nothing to do, but to give that start its time',
      )
  }
}

function nodeIdFinding(dataDir: string, node: DataDirFacts['node']): Finding {
  if (node.state === 'absent') return ok('node-id', 'the first start gives the node its name')
  if (node.state === 'read') return ok('node-id', `the node is ${node.value.nodeId}`)
  const file = join(dataDir, 'node.json')
  return unusable('node-id', file, node, `remove ${file}: the node gets a new name`)
}

function manifestFindings(dataDir: string, { lock, manifest }: DataDirFacts): Finding[] {
  if (lock.state === 'read' && lock.value.alive)
    return [ok('manifest', 'its owner has the manifest open, so it was not read')]
  if (manifest.state === 'absent')
    return [ok('manifest', 'there is no manifest yet; the first start makes it')]
  if (manifest.state !== 'read')
    return [
      unusable(
        'manifest',
        join(dataDir, 'manifest'),
        manifest,
        `put ${dataDir} back from a copy; the files are not touched`,
      ),
    ]
  const { format, position, time: newest, behind } = manifest.value
  const head = `format ${format}, record ${count(position.index)}${newest > 0 ? ` of ${time(newest)}` : ''}`
  return [
    ok('manifest', `the manifest can be read: ${head}`),
    ...(behind === undefined ? [] : [failed('owner', behind, ACKNOWLEDGE)]),
  ]
}

const ACKNOWLEDGE = 'find out which copy is the right one; if it is this one: holdfast acknowledge --act'

/** Whether the store is the manifest's. */
export function storeFindings(root: string, { identity, owner }: StoreFacts): readonly Finding[] {
  const findings = [identityFinding(root, identity)]
  if (owner && identity.state === 'own') findings.push(ownerFinding(root, owner))
  return findings
}

function identityFinding(root: string, identity: StoreFacts['identity']): Finding {
  switch (identity.state) {
    case 'own':
      return ok('identity', "the store is the manifest's")
    case 'none':
      return ok('identity', "the store is nobody's yet; the first start makes it the manifest's")
    case 'lost':
      return failed(
        'identity',
        `${root} has lost its identity record, as if it were another folder, or not mounted`,
        `mount the right disk, or put ${RESERVED_FOLDER}/store.json back from a copy`,
      )
    case 'foreign':
      return failed(
        'identity',
        `${root} belongs to the store ${identity.says}, not to this manifest`,
        'name the folder that belongs to the data folder; for a new node, an empty one',
      )
    default:
      return badRecord('identity', join(root, RESERVED_FOLDER, 'store.json'), identity)
  }
}

function ownerFinding(root: string, owner: NonNullable<StoreFacts['owner']>): Finding {
  switch (owner.state) {
    case 'own':
      return ok('owner', 'the manifest has all that the last owner of the store had')
    case 'none':
      return ok('owner', 'nobody has owned the store yet')
    case 'lost':
      return failed('owner', `${root} has lost its owner record`, ACKNOWLEDGE)
    case 'behind':
      return failed(
        'owner',
        `the manifest was put back from a copy, or a copy of it runs elsewhere: ${owner.says}`,
        ACKNOWLEDGE,
      )
    default:
      return badRecord('owner', join(root, RESERVED_FOLDER, 'owner.json'), owner)
  }
}

function badRecord(
  check: Check,
  file: string,
  record: Extract<StoreRecord<never>, { state: 'damaged' | 'newer' | 'unreadable' }>,
): Finding {
  return unusable(
    check,
    file,
    record.state === 'damaged' ? { ...record, problem: 'its sum is wrong' } : record,
    ACKNOWLEDGE,
  )
}

/** Longest record of a store, bytes. */
const LONGEST = 64 * 1024

/** The records of a local store, without its backend; no pipe and no giant is read. */
export function localRecords(root: string): Pick<StoreRecords, 'read'> {
  return {
    async read(name) {
      const file = await open(
        join(root, RESERVED_FOLDER, name),
        constants.O_RDONLY | constants.O_NONBLOCK,
      ).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      })
      if (!file) return undefined
      try {
        const bytes = Buffer.alloc(LONGEST)
        const { bytesRead } = await file.read(bytes, 0, LONGEST, 0)
        return bytes.subarray(0, bytesRead)
      } finally {
        await file.close()
      }
    },
  }
}
