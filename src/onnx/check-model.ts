/**
 * The specification of a well-formed model as predicates, after
 * https://github.com/onnx/onnx/blob/main/docs/IR.md. All problems are found, not only the first.
 */
import { InvalidInputError } from '../base/index.ts'
import type { FunctionDefinition, Graph, Model, Node } from './graph.ts'
import { microsoftOperators, newestOpset, standardOperators } from './opsets.ts'
import { sizeOf, storageLength, type Tensor } from './tensor.ts'

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
  const context: Context = { functions: model.functions, opsets: model.opsets, problems: [] }
  if (!model.opsets.has('')) context.problems.push('the model declares no standard opset')
  if ((model.opsets.get('') ?? 1) > newestOpset)
    context.problems.push(`opset ${model.opsets.get('')} is newer than ${newestOpset}`)
  checkGraph(model.graph, new Set(), context)
  for (const definition of model.functions) checkFunction(definition, context)
  return context.problems
}

type Context = { functions: readonly FunctionDefinition[]; opsets: ReadonlyMap<string, number>; problems: string[] }

function checkGraph(graph: Graph, outer: ReadonlySet<string>, context: Context): void {
  const defined = new Set(outer)
  const own = new Set<string>()
  const define = (name: string, what: string) => {
    if (own.has(name)) context.problems.push(`${what} defines ${name}, which is defined already`)
    own.add(name)
    defined.add(name)
  }
  for (const { name } of graph.inputs) {
    if (name === '') context.problems.push(`an input of graph ${graph.name} has no name`)
    define(name, 'an input')
  }
  for (const [name, tensor] of graph.initializers) {
    // Before IR version 4 initializers had to be inputs as well, as their default.
    if (!own.has(name)) define(name, 'an initializer')
    checkTensor(name, tensor, context)
  }
  for (const node of graph.nodes) checkNode(node, { defined, define }, context)
  for (const { name } of graph.outputs) {
    if (!defined.has(name)) context.problems.push(`output ${name} of graph ${graph.name} is never defined`)
  }
}

type Scope = { defined: ReadonlySet<string>; define(name: string, what: string): void }

function checkNode(node: Node, { defined, define }: Scope, context: Context): void {
  const what = `node ${node.name || '(unnamed)'} (${node.opType})`
  checkOperator(node, what, context)
  for (const input of node.inputs) {
    if (input !== '' && !defined.has(input))
      context.problems.push(`${what} reads ${input}, which nothing before it defines`)
  }
  for (const [name, attribute] of Object.entries(node.attributes)) {
    if (attribute.type === 'graph') checkGraph(attribute.value, defined, context)
    if (attribute.type === 'graphs') for (const graph of attribute.value) checkGraph(graph, defined, context)
    if (attribute.type === 'tensor') checkTensor(`${what} attribute ${name}`, attribute.value, context)
  }
  for (const output of node.outputs) if (output !== '') define(output, what)
}

function checkOperator({ opType, domain }: Node, what: string, { functions, opsets, problems }: Context): void {
  if (functions.some((definition) => definition.name === opType && definition.domain === domain)) return
  if (domain === 'com.microsoft') {
    if (!microsoftOperators.has(opType))
      problems.push(`${what}: com.microsoft has no operator ${opType} that Capstan knows`)
    return
  }
  if (domain !== '' && domain !== 'ai.onnx') {
    problems.push(`${what}: domain ${domain} is unknown`)
    return
  }
  const known = standardOperators[opType]
  const [since, last] =
    typeof known === 'number' ? [known, Number.POSITIVE_INFINITY] : (known ?? [Number.POSITIVE_INFINITY, 0])
  const opset = opsets.get('') ?? 1
  if (known === undefined) problems.push(`${what}: there is no standard operator ${opType}`)
  else if (opset < since) problems.push(`${what}: ${opType} came with opset ${since}, the model declares ${opset}`)
  else if (opset > last) problems.push(`${what}: ${opType} went with opset ${last + 1}, the model declares ${opset}`)
}

function checkTensor(name: string, { dtype, dims, data }: Tensor, { problems }: Context): void {
  const wanted = storageLength(dtype, sizeOf(dims))
  if (data.length !== wanted)
    problems.push(`tensor ${name} has ${data.length} elements for ${dtype}[${dims.join(', ')}]`)
}

function checkFunction(definition: FunctionDefinition, context: Context): void {
  const names = (values: readonly string[]) => values.map((name) => ({ name, dtype: null, dims: null }))
  const body: Graph = {
    name: `${definition.domain}:${definition.name}`,
    inputs: names(definition.inputs),
    outputs: names(definition.outputs),
    nodes: definition.nodes,
    initializers: new Map(),
    valueInfo: new Map(),
  }
  checkGraph(body, new Set(), { ...context, opsets: definition.opsets })
}
