import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DiskRecording, recordDisk, whyNoRecording } from '@holdfast/testkit'
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest'

const why = whyNoRecording()

function mustRecord(context: TestContext): void {
  if (why === undefined) return
  if (process.env.CI === 'true') throw new Error(why)
  context.skip(`did not run: ${why}`)
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-record-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Records a program of a few lines; `folder` holds `old` with the text `old`. */
async function recorded(lines: string): Promise<DiskRecording> {
  const folder = scratch()
  writeFileSync(join(folder, 'old'), 'old')
  const program = join(scratch(), 'program.mjs')
  writeFileSync(
    program,
    `import * as fs from 'node:fs'
const folder = process.argv[2]
const sync = (path) => { const fd = fs.openSync(path, 'r'); fs.fsyncSync(fd); fs.closeSync(fd) }
${lines}`,
  )
  return recordDisk(program, { folder, args: [folder] })
}

function leftAt(recording: DiskRecording, at: number): Record<string, string> {
  const into = join(scratch(), 'left')
  recording.cut(at, into)
  if (!existsSync(into)) return {}
  return Object.fromEntries(readdirSync(into).map((name) => [name, readFileSync(join(into, name), 'utf8')]))
}

/** What is left after the step at which the program said this. */
function leftWhen(recording: DiskRecording, said: string): Record<string, string> {
  const at = recording.steps.findIndex(({ text }) => text === `${said}\n`)
  expect(at).toBeGreaterThan(-1)
  return leftAt(recording, at)
}

describe('recordDisk', () => {
  it('[M-15] leaves nothing that was not synced: bytes by a sync of the file, names by a sync of the folder', async (context) => {
    mustRecord(context)
    const recording = await recorded(`
      const fd = fs.openSync(folder + '/new', 'w')
      fs.writeSync(fd, 'one')
      console.log('written')
      fs.fsyncSync(fd)
      console.log('synced')
      sync(folder)
      console.log('named')
      fs.writeSync(fd, ' two')
      console.log('more')
      fs.fdatasyncSync(fd)
      console.log('end')`)
    expect(leftWhen(recording, 'written')).toEqual({ old: 'old' })
    expect(leftWhen(recording, 'synced')).toEqual({ old: 'old' })
    expect(leftWhen(recording, 'named')).toEqual({ old: 'old', new: 'one' })
    expect(leftWhen(recording, 'more')).toEqual({ old: 'old', new: 'one' })
    expect(leftWhen(recording, 'end')).toEqual({ old: 'old', new: 'one two' })
  })

  it('[M-15] a rename counts from the sync of the folder, a removal at once', async (context) => {
    mustRecord(context)
    const recording = await recorded(`
      fs.renameSync(folder + '/old', folder + '/moved')
      console.log('renamed')
      sync(folder)
      console.log('synced')
      fs.unlinkSync(folder + '/moved')
      console.log('removed')`)
    expect(leftWhen(recording, 'renamed')).toEqual({ old: 'old' })
    expect(leftWhen(recording, 'synced')).toEqual({ moved: 'old' })
    expect(leftWhen(recording, 'removed')).toEqual({})
  })

  it('[M-15] follows positions, appending, truncation, links, and files that are opened to be synced at each write', async (context) => {
    mustRecord(context)
    const recording = await recorded(`
      fs.appendFileSync(folder + '/old', '+1')
      const fd = fs.openSync(folder + '/old', 'rs+')
      fs.writeSync(fd, 'X', 1)
      console.log('at 1')
      fs.linkSync(folder + '/old', folder + '/same')
      sync(folder + '/old'); sync(folder)
      console.log('linked')
      fs.truncateSync(folder + '/same', 0)
      console.log('end')`).catch(String)
    // truncateSync opens and calls ftruncate; what is not synced is not gone.
    expect(recording).not.toBeTypeOf('string')
    const sound = recording as DiskRecording
    expect(leftWhen(sound, 'at 1')).toEqual({ old: 'oXd' })
    expect(leftWhen(sound, 'linked')).toEqual({ old: 'oXd+1', same: 'oXd+1' })
    expect(leftWhen(sound, 'end')).toEqual({ old: 'oXd+1', same: 'oXd+1' })
  })

  it('[M-15] refuses what it cannot follow', async (context) => {
    mustRecord(context)
    await expect(recorded(`fs.symlinkSync('old', folder + '/link')`)).rejects.toThrow('symlink')
  })
})
