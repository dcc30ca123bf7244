/** Models as text, one node a line, for people and for snapshots of tests. */
import { sha256 } from '../base/index.ts'
import { type Attribute, type Graph, type Model, type Node, operatorOf, type ValueInfo } from './graph.ts'
import type { Tensor } from './tensor.ts'

const valuesShownMax = 8

/** The model as text: opsets, then the graph with the types that it declares. Stable for equal models. */
export function printModel(model: Model): string {
  const opsets = [...model.opsets].map(([domain, version]) => `${domain || 'ai.onnx'} ${version}`).join(', ')
  const functions = model.functions.flatMap(({ domain, name, inputs, outputs, nodes }) => [
    `function ${domain}:${name}(${inputs.map(reference).join(', ')}) -> ${outputs.map(reference).join(', ')} {`,
    ...nodes.flatMap((node) => printNode(node, new Map(), '  ')),
    '}',
  ])
  return [`IR version ${model.irVersion}, opsets ${opsets}`, ...printGraph(model.graph, ''), ...functions, ''].join(
    '\n',
  )
}

function printGraph(graph: Graph, indent: string): string[] {
  const types = new Map(
    [...graph.valueInfo.values(), ...graph.inputs, ...graph.outputs].map((info) => [info.name, info]),
  )
  const declare = (info: ValueInfo) => `${reference(info.name)}${printType(info)}`
  return [
    `${indent}graph ${graph.name}(${graph.inputs.map(declare).join(', ')}) -> ${graph.outputs.map(declare).join(', ')} {`,
    ...[...graph.initializers].map(([name, tensor]) => `${indent}  ${reference(name)} = ${printTensor(tensor)}`),
    ...graph.nodes.flatMap((node) => printNode(node, types, `${indent}  `)),
    `${indent}}`,
  ]
}

function printNode(node: Node, types: ReadonlyMap<string, ValueInfo>, indent: string): string[] {
  const outputs = node.outputs.map(
    (name) => `${reference(name)}${types.has(name) ? printType(types.get(name) as ValueInfo) : ''}`,
  )
  const attributes: string[] = []
  const graphs: { name: string; graph: Graph }[] = []
  for (const [name, attribute] of Object.entries(node.attributes)) {
    if (attribute.type === 'graph') graphs.push({ name, graph: attribute.value })
    else if (attribute.type === 'graphs') graphs.push(...attribute.value.map((graph) => ({ name, graph })))
    else attributes.push(`${name}=${printAttribute(attribute)}`)
  }
  const list = attributes.length > 0 ? ` {${attributes.join(', ')}}` : ''
  const line = `${indent}${outputs.join(', ')} = ${operatorOf(node)}(${node.inputs.map(reference).join(', ')})${list}${node.name ? `  # ${node.name}` : ''}`
  return [line, ...graphs.flatMap(({ name, graph }) => [`${indent}  ${name}:`, ...printGraph(graph, `${indent}  `)])]
}

function printAttribute(attribute: Exclude<Attribute, { type: 'graph' | 'graphs' }>): string {
  switch (attribute.type) {
    case 'tensor':
      return printTensor(attribute.value)
    case 'tensors':
      return `[${attribute.value.map(printTensor).join(', ')}]`
    case 'string':
      return JSON.stringify(attribute.value)
    case 'reference':
      return `@${attribute.value}`
    case 'floats':
    case 'ints':
    case 'strings':
      return `[${attribute.value.join(', ')}]`
    default:
      return String(attribute.value)
  }
}

/** Small tensors by their values, larger ones by the start of their SHA-256. */
function printTensor({ dtype, dims, data }: Tensor): string {
  const content =
    data.length <= valuesShownMax
      ? [...data].map((value) => (typeof value === 'string' ? JSON.stringify(value) : String(value))).join(', ')
      : `sha256 ${sha256(Array.isArray(data) ? JSON.stringify(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).slice(0, 12)}`
  return `${dtype}[${dims.join(', ')}] (${content})`
}

function printType({ dtype, dims }: ValueInfo): string {
  if (dtype === null) return ''
  return `: ${dtype}${dims === null ? '' : `[${dims.map((dim) => dim ?? '?').join(', ')}]`}`
}

function reference(name: string): string {
  return name === '' ? '_' : `%${name}`
}
