import { pluginProgram } from '@holdfast/testkit'
import { subject, surroundings } from './subject.ts'

await pluginProgram(subject, surroundings)
