export { type OperatingRulesOptions, operatingRules, operatingRules as plugin } from './operating-rules.ts'
