import { type FilePath, type NewEntry, pathProblem, type StorageKey } from '@holdfast/core'

const IN_NAME = 1
const IN_HEX = 2
/** What a character may stand in. A pattern would branch on each digit, and digits are random: a table costs a fifth. */
const CHECKSUM = Uint8Array.from({ length: 128 }, (_, unit) => {
  const character = String.fromCharCode(unit)
  return (/[a-z0-9]/.test(character) ? IN_NAME : 0) | (/[0-9a-f]/.test(character) ? IN_HEX : 0)
})
/** All names and values of one entry's metadata together, in bytes. */
const METADATA_BYTES = 4096
const TEXT_BYTES = 1024
/** Times beyond this would not fit into the formats: 71,000 years. */
const MOST_MS = 2 ** 51

/** Problems with an entry that somebody wants to list. Lists, not generators: entries come by the thousand. */
export function entryProblems(entry: NewEntry | undefined): string[] {
  if (typeof entry !== 'object' || entry === null) return ['it has no entry']
  const problems: string[] = []
  const wrongPath = pathProblem(entry.path)
  if (wrongPath) problems.push(`its path cannot be used: ${wrongPath}`)
  addKeyProblems(entry.key, problems)
  if (!wrongPath && !sameFolder(entry.path, entry.key ?? ''))
    problems.push("its key is not in its path's folder")
  if (!text(entry.namespace)) problems.push('it has no namespace')
  if (!count(entry.size)) problems.push('its size is not a whole number of bytes')
  if (typeof entry.checksum !== 'string' || !isChecksum(entry.checksum))
    problems.push('its checksum is not <algorithm>:<hex>')
  if (!count(entry.createdAt) || entry.createdAt === 0) problems.push('it has no createdAt')
  if (!text(entry.origin)) problems.push('it has no origin')
  if (!text(entry.storeId)) problems.push('it has no storeId')
  addFactProblems(entry, problems)
  return problems
}

/** <algorithm>:<hex>, in lower case. */
function isChecksum(text: string): boolean {
  const colon = text.indexOf(':')
  return consistsOf(IN_NAME, text, 0, colon) && consistsOf(IN_HEX, text, colon + 1, text.length)
}

/** At least one character, and no other. */
function consistsOf(kind: number, text: string, from: number, to: number): boolean {
  let all = from < to ? kind : 0
  // Beyond the table there is nothing, which is 0 here.
  for (let at = from; at < to; at++) all &= CHECKSUM[text.charCodeAt(at)] as number
  return all !== 0
}

type Facts = Pick<
  NewEntry,
  'version' | 'changedAt' | 'minTime' | 'maxTime' | 'timesFrom' | 'rows' | 'metadata'
>

/** Problems with what is known of a file besides its bytes. */
export function factProblems(entry: Facts): string[] {
  const problems: string[] = []
  addFactProblems(entry, problems)
  return problems
}

function addFactProblems(entry: Facts, problems: string[]): void {
  const { version, changedAt, minTime, maxTime, timesFrom, rows, metadata } = entry
  if (version !== undefined && !text(version)) problems.push('its version is not a text')
  addTimeProblem('changedAt', changedAt, problems)
  addTimeProblem('minTime', minTime, problems)
  addTimeProblem('maxTime', maxTime, problems)
  if (isTime(minTime) && isTime(maxTime) && minTime > maxTime)
    problems.push('its minTime is after its maxTime')
  if (rows !== undefined && !count(rows)) problems.push('its rows are not a whole number')
  if (timesFrom !== undefined && timesFrom !== 'caller' && timesFrom !== 'path')
    problems.push('its timesFrom is neither caller nor path')
  if (metadata !== undefined) problems.push(...metadataProblems(metadata))
}

function addTimeProblem(field: string, time: unknown, problems: string[]): void {
  if (time !== undefined && !isTime(time))
    problems.push(`its ${field} is not whole milliseconds within 2^51 of 1970`)
}

export function keyProblems(key: StorageKey | FilePath): string[] {
  const problems: string[] = []
  addKeyProblems(key, problems)
  return problems
}

function addKeyProblems(key: StorageKey | FilePath, problems: string[]): void {
  const problem = pathProblem(key)
  if (problem) problems.push(`its key cannot be used: ${problem}`)
}

function* metadataProblems(metadata: Readonly<Record<string, string>>): Generator<string> {
  if (metadata === null || Object.getPrototypeOf(metadata) !== Object.prototype) {
    yield 'its metadata is not a plain object'
    return
  }
  let bytes = 0
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== 'string' || !value.isWellFormed() || !name.isWellFormed())
      yield `its metadata ${JSON.stringify(name)} is not a text`
    else bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  if (bytes > METADATA_BYTES) yield `its metadata has ${bytes} bytes, more than ${METADATA_BYTES}`
}

export function text(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.isWellFormed() &&
    // Three bytes a UTF-16 unit is the most that UTF-8 needs: only long texts are measured.
    (value.length * 3 <= TEXT_BYTES || Buffer.byteLength(value) <= TEXT_BYTES)
  )
}

export function count(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Math.abs(value as number) <= MOST_MS
}

function sameFolder(path: string, key: string): boolean {
  const slash = path.lastIndexOf('/')
  return key.lastIndexOf('/') === slash && (slash === -1 || key.startsWith(path.slice(0, slash)))
}
