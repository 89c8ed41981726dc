// `holdfast doctor` without its screen, in a process of its own. Run by doctor.test.ts.
import { examine } from '../src/doctor/doctor.ts'

process.on('message', async (configFile: string) => {
  const findings = await Array.fromAsync(examine(configFile))
  process.send?.(findings)
})
