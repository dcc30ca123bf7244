export { gradient } from './gradient.ts'
export type { GradientRule, Operation, RuleTable } from './rule.ts'
export { rules } from './rules/index.ts'
