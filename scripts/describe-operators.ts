/** The page of operators: what the gradient does at each, and the element types in which its cases have been checked. */
import { type Rule, rules } from '../src/autodiff/index.ts'
import { microsoftOperators, standardOperators } from '../src/onnx/opsets.ts'
import { cases } from '../test/gradients/cases.ts'
import type { GradientCase } from '../test/gradients/gradient-case.ts'

/** The newest opset whose operators the page has. */
const opsetMax = 21
/** What specialising a graph to its sizes leaves out or puts a product in the place of. */
const specialised = new Set(['Constant', 'Dropout'])

type Answer = 'yes' | 'by expansion' | 'no gradient' | 'specialised' | 'refused'

/** The table of all operators, and what its words mean. */
export function describeOperators(): string {
  const known = [
    ...[...standardOperators].flatMap(([name, [since]]) => (since <= opsetMax ? [name] : [])),
    ...[...microsoftOperators].map((name) => `com.microsoft:${name}`),
  ]
  const operators = [...new Set([...known, ...Object.keys(rules)])].sort(compareOperators)
  const rows = operators.map((operator) => {
    const [domain, name] = partsOf(operator)
    return `| ${name} | ${domain} | ${answerOf(operator)} | ${checkedTypes(operator)} |`
  })
  return [
    '# Operators and their gradients',
    '<!-- made by `npm run docs` from src/autodiff/rules and test/gradients: do not edit -->',
    `All operators of the standard up to opset ${opsetMax}, and those of com.microsoft that published models hold. [How gradients are made](../engine.md#differentiation).`,
    meanings,
    ['| operator | domain | gradient | checked in |', '| --- | --- | --- | --- |', ...rows].join('\n'),
  ].join('\n\n')
}

const meanings = [
  '- **yes**: a rule of its own.',
  '- **by expansion**: that of the simpler operators as which the node is written; these also compute what the runtime’s kernel does.',
  '- **no gradient**: the result does not change smoothly with the inputs, so nothing flows back.',
  '- **specialised**: gone, or a product, once a graph is specialised to its sizes.',
  '- **refused**: where such an operator lies between a weight and the loss, `gradient.unsupported-op` names it. Elsewhere it stays as it is, provided that the shape of its result can be told.',
  '- **checked in**: the element types in which every partial derivative of the test cases agrees with central differences (relative error 10⁻⁵ in float64, 2·10⁻² in float32).',
].join('\n')

function answerOf(operator: string): Answer {
  const rule: Rule | undefined = Object.hasOwn(rules, operator) ? rules[operator as keyof typeof rules] : undefined
  if (rule === 'none') return 'no gradient'
  if (rule) return typeof rule === 'object' ? 'by expansion' : 'yes'
  return specialised.has(operator) ? 'specialised' : 'refused'
}

function checkedTypes(operator: string): string {
  const list: readonly GradientCase[] = Object.hasOwn(cases, operator) ? cases[operator as keyof typeof cases] : []
  return [...new Set(list.map(({ float32 }) => (float32 ? 'float32' : 'float64')))].sort().join(', ')
}

function partsOf(operator: string): [domain: string, name: string] {
  const [domain, name] = operator.split(':') as [string, string?]
  return name === undefined ? ['ai.onnx', domain] : [domain, name]
}

function compareOperators(a: string, b: string): number {
  const [left, right] = [partsOf(a).join(), partsOf(b).join()]
  return left < right ? -1 : left > right ? 1 : 0
}
