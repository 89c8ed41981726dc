import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Act, ActOf } from './act.ts'
import { AS_OF, MAX_AGE } from './expected.ts'
import { type Kill, problemsOf, showOutcome } from './outcome.ts'
import { type Life, runLife } from './run-life.ts'

const { values } = parseArgs({ options: { data: { type: 'string' } } })
process.exitCode = await main(resolve(values.data ?? fileURLToPath(new URL('data', import.meta.url))))

/** Gives the exit code. */
async function main(folder: string): Promise<number> {
  say('Half a year of US flights goes into a node, which is killed while the older half expires.')
  say(`All of it stays in ${folder}`)
  let life = await runLife(folder, { toBeKilled: true, onAct: narrate })
  let kill = recallKill(folder)
  if (life.signal === 'SIGKILL' && life.hasTold('expiring')) {
    const { signal } = life
    const { done, total } = life.told('expiring')
    say(
      `Killed by ${signal} when ${count(done)} of ${count(total)} were condemned: nothing was closed or flushed.`,
    )
    say('The node starts again, the same way as before.')
    life = await runLife(folder, { toBeKilled: false, onAct: narrate })
    if (life.code === 0) kill = recordKill(folder, signal, life)
  }
  if (life.code !== 0)
    return fail(
      `The node's process ended with ${life.signal ?? `exit code ${life.code}`}. A new start goes on from here.`,
    )

  const { stored } = life.told('ingested')
  const { kept, unlisted } = life.told('verified')
  const outcome = { stored, kept, unlisted, ...(kill && { kill }) }
  showOutcome(outcome)
  const problems = problemsOf(outcome)
  if (problems.length > 0)
    return fail(...problems, 'Was the folder used by anything but this example? Remove it and start again.')
  say('As expected. Each kept file was read back and has its checksum; the store holds no other file.')
  return 0
}

/** Says what a life does. */
function narrate(act: Act): void {
  switch (act.act) {
    case 'started':
      if (act.listed === 0) say('The node is empty. Each hour of flights becomes a file.')
      else
        say(
          `It lists ${count(act.listed)} files; ${count(act.toErase)} condemned ones are still to be erased.`,
        )
      break
    case 'ingested':
      if (act.written > 0)
        say(`${count(act.written)} files written, each listed when its bytes were durable.`)
      else say('Every hour was written before; none is written again.')
      say(`Retention: what is older than ${MAX_AGE / 86_400_000} days on ${isoDay(AS_OF)} expires.`)
      break
    case 'rehearsed':
      rehearsed(act)
      break
    case 'expired':
      say(`${count(act.condemned)} files condemned by this run; nothing condemned is left on the disk.`)
      break
    case 'failed':
      fail(act.message)
      break
    case 'writing':
    case 'expiring':
    case 'verified':
  }
}

/** What an operator asks and tries before the first real run; each line is one call of the node. */
function rehearsed({
  explained,
  current,
  simulated,
  planned,
  held,
  tried,
  undone,
}: ActOf<'rehearsed'>): void {
  const { path, policy, because } = explained
  say('Before anything goes for good, it is rehearsed:')
  say(`  explain   ${path}: policy ${policy} lets it go, ${because}`)
  say(
    `  simulate  with a maxAge of 30 days ${count(simulated)} files would go, rather than ${count(current)}`,
  )
  say(`  plan      ${count(planned)} files; nothing is changed`)
  say(`  hold      ${held.folder}: a new plan leaves its ${count(held.inPlan)} files alone`)
  say(
    `  run       of the first plan, with a cap of ${tried}: ${count(tried)} files condemned, ${count(held.inRun)} skipped as held`,
  )
  say(
    `  undo      of that run: ${count(undone.files)} files are back, which policy ${undone.policies.join(', ')} had taken`,
  )
}

function recordKill(folder: string, signal: NodeJS.Signals, recovery: Life): Kill {
  const { listed, toErase } = recovery.told('started')
  const { condemned } = recovery.told('expired')
  const before = recovery.told('ingested').stored.hours - listed
  const kill = {
    signal,
    before: { condemned: before, erased: before - toErase },
    after: { condemned, erased: toErase + condemned },
  }
  writeFileSync(killFile(folder), `${JSON.stringify(kill)}\n`)
  return kill
}

/** The kill that an earlier start saw. After it nothing is left to expire, so a later start has no kill of its own. */
function recallKill(folder: string): Kill | undefined {
  const file = killFile(folder)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

function killFile(folder: string): string {
  return join(folder, 'kill.json')
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`)
}

function fail(...sentences: string[]): number {
  for (const sentence of sentences) process.stderr.write(`${sentence}\n`)
  return 1
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}

function isoDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
