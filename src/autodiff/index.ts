export { expandNode, gradient } from './gradient.ts'
export type { Expansion, GradientRule, Operation, Rule, RuleTable } from './rule.ts'
export { rules } from './rules/index.ts'
