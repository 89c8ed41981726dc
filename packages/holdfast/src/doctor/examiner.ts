// Looks at everything that a node needs, in a process of its own: whatever a disk, a config file or a plugin does to it,
// `apart.ts` gives it up. Argument: the config file.
import type { Said } from './apart.ts'
import { examine } from './doctor.ts'

const [configFile = '.'] = process.argv.slice(2)
const tell = (said: Said) => void process.send?.(said)

// Nobody listens any more. An exit would wait for what hangs.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
for await (const finding of examine(configFile, (look) => tell({ look }))) tell({ finding })
tell({ done: true })
