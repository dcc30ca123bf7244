/** Models between their file form (a ModelProto) and `Model`. */
import type { Attribute, Dim, FunctionDefinition, Graph, Model, Node, ValueInfo } from './graph.ts'
import type { Message } from './messages.ts'
import { dataTypes, type Tensor } from './tensor.ts'
import { decodeText, encodeText, fromTensor, type LoadExternal, toTensor } from './tensor-message.ts'
import { decodeMessage, encodeMessage, notAModel } from './wire.ts'

/**
 * Decodes the bytes of an `.onnx` file. Weights are views of `bytes` where their alignment allows.
 * Throws InvalidInputError `onnx.not-a-model`.
 */
export function decodeModel(bytes: Uint8Array, loadExternal?: LoadExternal): Model {
  const message = decodeMessage('Model', bytes)
  if (!message.graph) throw notAModel(bytes.length === 0 ? 'it is empty' : 'it holds no graph')
  return {
    irVersion: Number(message.irVersion ?? 0),
    opsets: toOpsets(message.opset),
    producerName: text(message.producerName),
    producerVersion: text(message.producerVersion),
    metadata: new Map(list(message.metadata).map(({ key, value }) => [text(key), text(value)])),
    functions: list(message.function).map((one) => toFunction(one, loadExternal)),
    graph: toGraph(message.graph as Message, loadExternal),
  }
}

/** The bytes of an `.onnx` file, in one array. */
export function encodeModel(model: Model): Uint8Array {
  return Buffer.concat(encodeModelPieces(model))
}

/** The same in pieces, the weights uncopied: for writing one after another. */
export function encodeModelPieces(
  model: Model,
  tensorMessage: (name: string, tensor: Tensor) => Message = fromTensor,
): Uint8Array[] {
  return encodeMessage('Model', {
    irVersion: BigInt(model.irVersion),
    producerName: model.producerName,
    producerVersion: model.producerVersion,
    opset: fromOpsets(model.opsets),
    metadata: [...model.metadata].map(([key, value]) => ({ key, value })),
    function: model.functions.map(fromFunction),
    graph: fromGraph(model.graph, tensorMessage),
  })
}

function toGraph(message: Message, load?: LoadExternal): Graph {
  return {
    name: text(message.name),
    inputs: list(message.input).map(toValueInfo),
    outputs: list(message.output).map(toValueInfo),
    nodes: list(message.node).map((node) => toNode(node, load)),
    initializers: toInitializers(list(message.initializer), load),
    valueInfo: new Map(list(message.valueInfo).map((info) => [text(info.name), toValueInfo(info)])),
  }
}

function toInitializers(tensors: readonly Message[], load?: LoadExternal): Map<string, Tensor> {
  const initializers = new Map<string, Tensor>()
  for (const tensor of tensors) {
    const name = text(tensor.name)
    if (initializers.has(name)) throw notAModel(`it has two initializers ${name}`)
    initializers.set(name, toTensor(tensor, load))
  }
  return initializers
}

function fromGraph(graph: Graph, tensorMessage: (name: string, tensor: Tensor) => Message): Message {
  return {
    name: graph.name,
    input: graph.inputs.map(fromValueInfo),
    output: graph.outputs.map(fromValueInfo),
    node: graph.nodes.map(fromNode),
    initializer: [...graph.initializers].map(([name, tensor]) => tensorMessage(name, tensor)),
    valueInfo: [...graph.valueInfo.values()].map(fromValueInfo),
  }
}

function toNode(message: Message, load?: LoadExternal): Node {
  return {
    name: text(message.name),
    opType: text(message.opType),
    domain: toDomain(message.domain),
    inputs: (message.input ?? []) as string[],
    outputs: (message.output ?? []) as string[],
    attributes: Object.fromEntries(
      list(message.attribute).map((attribute) => [text(attribute.name), toAttribute(attribute, load)]),
    ),
  }
}

function fromNode(node: Node): Message {
  return {
    name: node.name,
    opType: node.opType,
    domain: node.domain,
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes).map(([name, attribute]) => ({ name, ...fromAttribute(attribute) })),
  }
}

/** AttributeProto.AttributeType of each kind, and the field that holds it. */
const attributeForms = {
  float: { code: 1, field: 'f' },
  int: { code: 2, field: 'i' },
  string: { code: 3, field: 's' },
  tensor: { code: 4, field: 't' },
  graph: { code: 5, field: 'g' },
  floats: { code: 6, field: 'floats' },
  ints: { code: 7, field: 'ints' },
  strings: { code: 8, field: 'strings' },
  tensors: { code: 9, field: 'tensors' },
  graphs: { code: 10, field: 'graphs' },
} as const

type Form = keyof typeof attributeForms

function toAttribute(message: Message, load?: LoadExternal): Attribute {
  if (message.reference) return { type: 'reference', value: text(message.reference) }
  const entries = Object.entries(attributeForms) as [Form, { code: number; field: string }][]
  // Files of the first IR versions have no type; there the field that is present says it.
  const found = entries.find(([, { code, field }]) =>
    message.type === undefined ? message[field] !== undefined : code === message.type,
  )
  if (!found) throw notAModel(`attribute ${text(message.name)} has type ${message.type ?? 'none'}`)
  const [type, { field }] = found
  const value = message[field]
  switch (type) {
    case 'float':
      return { type, value: Number(value ?? 0) }
    case 'int':
      return { type, value: (value ?? 0n) as bigint }
    case 'string':
      return { type, value: decodeText((value ?? new Uint8Array()) as Uint8Array) }
    case 'tensor':
      return { type, value: toTensor((value ?? {}) as Message, load) }
    case 'graph':
      return { type, value: toGraph((value ?? {}) as Message, load) }
    case 'floats':
      return { type, value: (value ?? []) as number[] }
    case 'ints':
      return { type, value: (value ?? []) as bigint[] }
    case 'strings':
      return { type, value: ((value ?? []) as Uint8Array[]).map(decodeText) }
    case 'tensors':
      return { type, value: list(value).map((tensor) => toTensor(tensor, load)) }
    case 'graphs':
      return { type, value: list(value).map((graph) => toGraph(graph, load)) }
  }
}

function fromAttribute(attribute: Attribute): Message {
  if (attribute.type === 'reference') return { reference: attribute.value }
  const { code, field } = attributeForms[attribute.type]
  return { type: code, [field]: fromAttributeValue(attribute) }
}

function fromAttributeValue(attribute: Exclude<Attribute, { type: 'reference' }>): Message[string] {
  switch (attribute.type) {
    case 'string':
      return encodeText(attribute.value)
    case 'strings':
      return attribute.value.map(encodeText)
    case 'tensor':
      return fromTensor('', attribute.value)
    case 'tensors':
      return attribute.value.map((tensor) => fromTensor('', tensor))
    case 'graph':
      return fromGraph(attribute.value, fromTensor)
    case 'graphs':
      return attribute.value.map((graph) => fromGraph(graph, fromTensor))
    case 'floats':
      return [...attribute.value]
    case 'ints':
      return [...attribute.value]
    default:
      return attribute.value
  }
}

function toValueInfo(message: Message): ValueInfo {
  const tensor = (message.type as Message | undefined)?.tensor as Message | undefined
  const shape = tensor?.shape as Message | undefined
  return {
    name: text(message.name),
    dtype: dataTypes[Number(tensor?.elementType ?? 0)] ?? null,
    dims: shape ? list(shape.dim).map(toDim) : null,
  }
}

function toDim({ value, symbol }: Message): Dim {
  return value !== undefined ? Number(value) : symbol ? text(symbol) : null
}

function fromValueInfo({ name, dtype, dims }: ValueInfo): Message {
  if (dtype === null) return { name }
  const dim = dims?.map(
    (one): Message => (typeof one === 'number' ? { value: BigInt(one) } : one === null ? {} : { symbol: one }),
  )
  return { name, type: { tensor: { elementType: dataTypes.indexOf(dtype), ...(dim ? { shape: { dim } } : {}) } } }
}

function toFunction(message: Message, load?: LoadExternal): FunctionDefinition {
  return {
    name: text(message.name),
    domain: text(message.domain),
    inputs: (message.input ?? []) as string[],
    outputs: (message.output ?? []) as string[],
    attributes: (message.attribute ?? []) as string[],
    nodes: list(message.node).map((node) => toNode(node, load)),
    opsets: toOpsets(message.opset),
  }
}

function fromFunction(definition: FunctionDefinition): Message {
  return {
    name: definition.name,
    domain: definition.domain,
    input: [...definition.inputs],
    output: [...definition.outputs],
    attribute: [...definition.attributes],
    node: definition.nodes.map(fromNode),
    opset: fromOpsets(definition.opsets),
  }
}

function toOpsets(value: Message[string]): Map<string, number> {
  return new Map(list(value).map(({ domain, version }) => [toDomain(domain), Number(version ?? 0)]))
}

/** The standard domain has two names in files, and one in `Model`. */
function toDomain(value: Message[string]): string {
  return value === 'ai.onnx' ? '' : text(value)
}

function fromOpsets(opsets: ReadonlyMap<string, number>): Message[] {
  return [...opsets].map(([domain, version]) => ({ domain, version: BigInt(version) }))
}

function list(value: Message[string]): Message[] {
  return (value ?? []) as Message[]
}

function text(value: Message[string]): string {
  return (value ?? '') as string
}
