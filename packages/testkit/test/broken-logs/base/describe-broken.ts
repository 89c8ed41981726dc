import type { Log } from '@holdfast/core'
import { describeLog, type LogUnderTest, type MemoryLog, memoryLog } from '@holdfast/testkit'

/** What a broken log does otherwise than the sound one. */
export type LogFlaw = (sound: Log, shared: MemoryLog) => Partial<Log>

/** Hands a flawed log to the suite, as its author would. */
export function describeBroken(flaw: LogFlaw, open: () => MemoryLog = sound): void {
  describeLog('broken', async () => underTest(open(), flaw), { patience: 500, timeout: 5000 })
}

function sound(): MemoryLog {
  return memoryLog({ maxRecordBytes: 10_000 })
}

function underTest(shared: MemoryLog, flaw: LogFlaw): LogUnderTest {
  const connect = (name: string): Log => {
    const log = shared.connect(name)
    const bent: Log = {
      get id() {
        return log.id
      },
      capabilities: log.capabilities,
      append: (bytes, options) => log.append(bytes, options),
      read: (after, options) => log.read(after, options),
      follow: (after, options) => log.follow(after, options),
      head: (options) => log.head(options),
      floor: (options) => log.floor(options),
      termAt: (index, options) => log.termAt(index, options),
      truncate: (upTo, options) => log.truncate(upTo, options),
    }
    return Object.assign(bent, flaw(log, shared))
  }
  return {
    log: connect('one'),
    connect: async () => connect('other'),
    changeLeader: async () => shared.changeLeader(),
    dispose: async () => undefined,
  }
}
