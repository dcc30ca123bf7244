/**
 * The specification of a well-formed model as tables of rules, after
 * https://github.com/onnx/onnx/blob/main/docs/IR.md. All problems are found, not only the first.
 */
import { InvalidInputError } from '../base/index.ts'
import type { Attribute, FunctionDefinition, Graph, Model, Node } from './graph.ts'
import { microsoftOperators, newestOpset, oldestOpset, standardOperators } from './opsets.ts'
import { sizeOf, storageLength, type Tensor } from './tensor.ts'

/** What is wrong with a part of the model, or false. */
type Rule<Part> = (part: Part, scope: Scope) => string | false

/** What the nodes of one graph or function body see. */
type Scope = {
  readonly opsets: ReadonlyMap<string, number>
  readonly functions: readonly FunctionDefinition[]
  /** Values defined so far, also those around a subgraph. */
  readonly defined: Set<string>
}

const modelRules: Rule<Model>[] = [
  ({ irVersion }) => irVersion < 1 && 'the model declares no IR version',
  ({ opsets }) => !opsets.has('') && 'the model declares no standard opset',
  ({ opsets }) => {
    const opset = opsets.get('') ?? oldestOpset
    const isCovered = opset >= oldestOpset && opset <= newestOpset
    return !isCovered && `the model declares opset ${opset}; ${oldestOpset} to ${newestOpset} are known`
  },
  ({ functions }) => {
    const names = functions.map(({ domain, name }) => `${domain}:${name}`)
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    return twice !== undefined && `function ${twice} is defined twice`
  },
]

const nodeRules: Rule<Node>[] = [
  ({ opType }) => opType === '' && 'names no operator',
  ({ inputs, outputs }) => [...inputs, ...outputs].every((name) => name === '') && 'neither reads nor defines a value',
  ({ domain }, { opsets }) =>
    domain !== '' && !opsets.has(domain) && `belongs to domain ${domain}, of which the model declares no opset`,
  ({ domain, opType }, scope) => {
    const isFunction = scope.functions.some((one) => one.name === opType && one.domain === domain)
    if (isFunction || opType === '') return false
    if (domain === '') return standardProblem(opType, scope.opsets.get('') ?? oldestOpset)
    if (domain !== 'com.microsoft') return `belongs to domain ${domain}, which only functions of the model may extend`
    return !microsoftOperators.has(opType) && 'names an operator of com.microsoft that Capstan does not know'
  },
]

const tensorRules: Rule<Tensor>[] = [
  ({ dims }) => dims.some((dim) => dim < 0 || !Number.isSafeInteger(dim)) && `has dimensions [${dims.join(', ')}]`,
  ({ dtype, dims, data }) =>
    data.length !== storageLength(dtype, sizeOf(dims)) &&
    `has ${data.length} elements for ${dtype}[${dims.join(', ')}]`,
]

/** Problems that the error's message shows; `details` hold all. */
const shownMax = 20

/** Throws InvalidInputError `onnx.invalid-graph` with every problem of the model in `details`. */
export function checkModel(model: Model): void {
  const problems = findProblems(model)
  if (problems.length === 0) return
  const shown = problems.slice(0, shownMax).map((problem) => `\n  ${problem}`)
  const more = problems.length > shownMax ? `\n  … and ${problems.length - shownMax} more` : ''
  throw new InvalidInputError('onnx.invalid-graph', `The model is not well-formed:${shown.join('')}${more}`, {
    hint: 'The file is damaged, was edited by hand, or needs a newer Capstan: export it again.',
    details: problems,
  })
}

/** Every way in which the model breaks the specification; none for a good one. */
export function findProblems(model: Model): string[] {
  const { functions, opsets, graph } = model
  const scope: Scope = { functions, opsets, defined: new Set() }
  return [
    ...broken(modelRules, model, scope),
    ...graphProblems(graph, scope),
    ...functions.flatMap((one) => graphProblems(bodyOf(one), { functions, opsets: one.opsets, defined: new Set() })),
  ]
}

function broken<Part>(rules: readonly Rule<Part>[], part: Part, scope: Scope, what = ''): string[] {
  return rules.flatMap((rule) => {
    const problem = rule(part, scope)
    return problem === false ? [] : [what === '' ? problem : `${what} ${problem}`]
  })
}

/** Problems of a graph whose nodes also see what `around` has defined so far. */
function graphProblems(graph: Graph, around: Scope): string[] {
  const scope: Scope = { ...around, defined: new Set(around.defined) }
  const problems: string[] = []
  const inputs = new Set<string>()
  for (const { name } of graph.inputs) {
    if (name === '') problems.push(`an input of graph ${graph.name} has no name`)
    else if (inputs.has(name)) problems.push(`graph ${graph.name} has two inputs ${name}`)
    inputs.add(name)
    scope.defined.add(name)
  }
  // An initializer may be an input as well, whose default it is then.
  for (const [name, tensor] of graph.initializers) {
    if (name === '') problems.push(`an initializer of graph ${graph.name} has no name`)
    problems.push(...broken(tensorRules, tensor, scope, `tensor ${name}`))
    scope.defined.add(name)
  }
  for (const node of graph.nodes) problems.push(...nodeProblems(node, scope))
  for (const { name } of graph.outputs) {
    if (name === '') problems.push(`an output of graph ${graph.name} has no name`)
    else if (!scope.defined.has(name)) problems.push(`output ${name} of graph ${graph.name} is never defined`)
  }
  return problems
}

/** Problems of a node, whose outputs are defined from here on. */
function nodeProblems(node: Node, scope: Scope): string[] {
  const what = `node ${node.name || '(unnamed)'} (${node.opType})`
  const problems = broken(nodeRules, node, scope, what)
  for (const input of node.inputs) {
    if (input !== '' && !scope.defined.has(input))
      problems.push(`${what} reads ${input}, which nothing before it defines`)
  }
  for (const [name, attribute] of Object.entries(node.attributes)) {
    for (const tensor of tensorsOf(attribute)) {
      problems.push(...broken(tensorRules, tensor, scope, `attribute ${name} of ${what}`))
    }
    for (const graph of graphsOf(attribute)) problems.push(...graphProblems(graph, scope))
  }
  for (const output of node.outputs) {
    if (output === '') continue
    if (scope.defined.has(output)) problems.push(`${what} defines ${output}, which is defined already`)
    scope.defined.add(output)
  }
  return problems
}

function standardProblem(opType: string, opset: number): string | false {
  const versions = standardOperators.get(opType)
  if (!versions) return `names an unknown operator: the standard has no ${opType}`
  const [since, last] = versions
  if (opset < since) return `needs opset ${since}, the model declares ${opset}`
  return opset > last && `was last in opset ${last}, the model declares ${opset}`
}

function tensorsOf(attribute: Attribute): readonly Tensor[] {
  if (attribute.type === 'tensor') return [attribute.value]
  return attribute.type === 'tensors' ? attribute.value : []
}

function graphsOf(attribute: Attribute): readonly Graph[] {
  if (attribute.type === 'graph') return [attribute.value]
  return attribute.type === 'graphs' ? attribute.value : []
}

function bodyOf({ domain, name, inputs, outputs, nodes }: FunctionDefinition): Graph {
  const untyped = (names: readonly string[]) => names.map((one) => ({ name: one, dtype: null, dims: null }))
  return {
    name: `${domain}:${name}`,
    inputs: untyped(inputs),
    outputs: untyped(outputs),
    nodes,
    initializers: new Map(),
    valueInfo: new Map(),
  }
}
