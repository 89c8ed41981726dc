import { describeLog } from '@holdfast/testkit'
import { openStandaloneLog } from '../src/log/standalone-log.ts'
import { tempFolder } from './support.ts'

let logs = 0

describeLog('embedded', async () => {
  const folder = tempFolder()
  let log = await openStandaloneLog(folder, { id: `log-${logs++}` })
  return {
    log,
    async reopen() {
      await log.close()
      log = await openStandaloneLog(folder, { id: 'another' })
      return log
    },
    dispose: () => log.close(),
  }
})
