// `holdfast doctor` without its screen, in a process of its own. Run by doctor.test.ts.
import { examine } from '../src/doctor/doctor.ts'
import type { Finding } from '../src/doctor/finding.ts'

process.on('message', async (configFile: string) => {
  const findings: Finding[] = []
  for await (const finding of examine(configFile)) findings.push(finding)
  process.send?.(findings)
})
