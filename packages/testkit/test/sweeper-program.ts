import { pluginProgram } from '@holdfast/testkit'
import { surroundings, sweeper } from './broken-plugins/base/sweeper.ts'

await pluginProgram(
  () => sweeper(),
  surroundings(() => sweeper()),
)
