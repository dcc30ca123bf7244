/** Models as text, one node a line, for people and for snapshots of tests. */
import { sha256 } from '../base/index.ts'
import {
  type Attribute,
  type FunctionDefinition,
  type Graph,
  type Model,
  type Node,
  operatorOf,
  type ValueInfo,
} from './graph.ts'
import { type DataType, numericTypes, type Tensor } from './tensor.ts'

const valuesShownMax = 8

/** The model as text: opsets, then the graph with the types that it declares. Stable for equal models. */
export function printModel(model: Model): string {
  const opsets = [...model.opsets].map(([domain, version]) => `${domain || 'ai.onnx'} ${version}`).join(', ')
  const functions = model.functions.flatMap(printFunction)
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

function printFunction({ domain, name, inputs, outputs, attributes, nodes }: FunctionDefinition): string[] {
  const parameters = [...inputs.map(reference), ...attributes.map((attribute) => `@${attribute}`)].join(', ')
  return [
    `function ${domain}:${name}(${parameters}) -> ${outputs.map(reference).join(', ')} {`,
    ...nodes.flatMap((node) => printNode(node, new Map(), '  ')),
    '}',
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
  const call = `${operatorOf(node)}(${node.inputs.map(reference).join(', ')})`
  const list = attributes.length > 0 ? ` {${attributes.join(', ')}}` : ''
  const comment = node.name ? `  # ${node.name}` : ''
  return [
    `${indent}${outputs.join(', ')} = ${call}${list}${comment}`,
    ...graphs.flatMap(({ name, graph }) => [`${indent}  ${name}:`, ...printGraph(graph, `${indent}  `)]),
  ]
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
    case 'float':
      return printSingle(attribute.value)
    case 'floats':
      return `[${attribute.value.map(printSingle).join(', ')}]`
    case 'strings':
      return `[${attribute.value.map((value) => JSON.stringify(value)).join(', ')}]`
    case 'ints':
      return `[${attribute.value.join(', ')}]`
    case 'int':
      return String(attribute.value)
  }
}

/** Small tensors by their values, larger ones by the start of their SHA-256. */
function printTensor({ dtype, dims, data }: Tensor): string {
  const type = `${dtype}[${dims.join(', ')}]`
  if (data.length > valuesShownMax) {
    const bytes = Array.isArray(data)
      ? JSON.stringify(data)
      : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    return `${type} (sha256 ${sha256(bytes).slice(0, 12)})`
  }
  return `${type} (${Array.from<string | number | bigint, string>(data, (value) => printElement(dtype, value)).join(', ')})`
}

function printElement(dtype: DataType, value: string | number | bigint): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return String(value)
  if (dtype === 'float32' || dtype === 'complex64') return printSingle(value)
  return numericTypes.has(dtype) || dtype === 'complex128' ? printNumber(value) : `0x${value.toString(16)}`
}

/** The shortest text that gives this float32 back: 0.1, not 0.10000000149011612. */
function printSingle(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Object.is(Math.fround(short), value)) return printNumber(short)
  }
  return printNumber(value)
}

function printNumber(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function printType({ dtype, dims }: ValueInfo): string {
  if (dtype === null) return ''
  return `: ${dtype}${dims === null ? '' : `[${dims.map((dim) => dim ?? '?').join(', ')}]`}`
}

function reference(name: string): string {
  return name === '' ? '_' : `%${name}`
}
