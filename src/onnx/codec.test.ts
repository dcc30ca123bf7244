import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../base/index.ts'
import { decodeModel, encodeModel } from './codec.ts'
import type { Attribute, Graph, Model, Node, ValueInfo } from './graph.ts'
import { arrayTypes, type DataType, dataTypes, storageLength, type Tensor } from './tensor.ts'

const dtypes = dataTypes.filter((dtype): dtype is DataType => dtype !== null)
/** Any Unicode text, byte order marks and line breaks included. */
const words = fc.string({ unit: 'binary', maxLength: 8 })
const name = words.filter((text) => text !== '')
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const float32 = fc.float()

const tensorOf = (dtype: DataType): fc.Arbitrary<Tensor> =>
  fc.array(fc.nat(3), { maxLength: 3 }).chain((dims) => {
    const length = storageLength(
      dtype,
      dims.reduce((product, dim) => product * dim, 1),
    )
    if (dtype === 'string')
      return fc.array(words, { minLength: length, maxLength: length }).map((data): Tensor => ({ dtype, dims, data }))
    const ArrayType = arrayTypes[dtype]
    const size = length * ArrayType.BYTES_PER_ELEMENT
    return fc
      .uint8Array({ minLength: size, maxLength: size })
      .map((bytes): Tensor => ({ dtype, dims, data: new ArrayType(bytes.slice().buffer, 0, length) }))
  })
const tensors = fc.constantFrom(...dtypes).chain(tensorOf)
const valueInfo: fc.Arbitrary<ValueInfo> = fc.record({
  name,
  dtype: fc.constantFrom<DataType>('float32', 'int64', 'bfloat16', 'string'),
  dims: fc.option(fc.array(fc.oneof(fc.nat(9), name, fc.constant(null)), { maxLength: 3 })),
})

const { graph: graphs } = fc.letrec<{ graph: Graph; attribute: Attribute; node: Node }>((tie) => ({
  attribute: fc.oneof(
    { depthSize: 'small' },
    fc.record({ type: fc.constant('int' as const), value: int64 }),
    fc.record({ type: fc.constant('float' as const), value: float32 }),
    fc.record({ type: fc.constant('string' as const), value: words }),
    fc.record({ type: fc.constant('ints' as const), value: fc.array(int64, { maxLength: 4 }) }),
    fc.record({ type: fc.constant('floats' as const), value: fc.array(float32, { maxLength: 4 }) }),
    fc.record({ type: fc.constant('strings' as const), value: fc.array(words, { maxLength: 3 }) }),
    fc.record({ type: fc.constant('tensor' as const), value: tensors }),
    fc.record({ type: fc.constant('tensors' as const), value: fc.array(tensors, { maxLength: 2 }) }),
    fc.record({ type: fc.constant('reference' as const), value: name }),
    fc.record({ type: fc.constant('graph' as const), value: tie('graph') }),
    fc.record({ type: fc.constant('graphs' as const), value: fc.array(tie('graph'), { maxLength: 2 }) }),
  ) as fc.Arbitrary<Attribute>,
  node: fc.record({
    name: words,
    opType: name,
    domain: fc.constantFrom('', 'com.microsoft'),
    inputs: fc.array(words, { maxLength: 3 }),
    outputs: fc.array(words, { maxLength: 3 }),
    attributes: fc.dictionary(
      name.filter((key) => key !== '__proto__'),
      tie('attribute'),
      { maxKeys: 2, noNullPrototype: true },
    ),
  }),
  graph: fc.record({
    name: words,
    inputs: fc.array(valueInfo, { maxLength: 2 }),
    outputs: fc.array(valueInfo, { maxLength: 2 }),
    nodes: fc.array(tie('node'), { maxLength: 2, depthIdentifier: 'node' }),
    initializers: fc.array(fc.tuple(name, tensors), { maxLength: 2 }).map((entries) => new Map(entries)),
    valueInfo: fc.array(valueInfo, { maxLength: 2 }).map((list) => new Map(list.map((info) => [info.name, info]))),
  }),
}))

const models: fc.Arbitrary<Model> = fc.record({
  irVersion: fc.nat(12),
  opsets: fc.constantFrom(
    new Map([['', 20]]),
    new Map([
      ['', 17],
      ['com.microsoft', 1],
    ]),
  ),
  producerName: words,
  producerVersion: words,
  metadata: fc.array(fc.tuple(name, words), { maxLength: 2 }).map((entries) => new Map(entries)),
  functions: fc.array(
    graphs.map(({ nodes }) => ({
      name: 'f',
      domain: 'own',
      inputs: ['a'],
      outputs: ['b'],
      attributes: ['alpha'],
      nodes,
      opsets: new Map([['', 20]]),
    })),
    { maxLength: 1 },
  ),
  graph: graphs,
})

/** A model with one weight of 1 to 6, and nothing else. */
const small: Model = {
  irVersion: 8,
  opsets: new Map([['', 17]]),
  producerName: 'test',
  producerVersion: '',
  metadata: new Map(),
  functions: [],
  graph: {
    name: 'small',
    inputs: [{ name: 'x', dtype: 'float32', dims: ['n', 3] }],
    outputs: [{ name: 'y', dtype: 'float32', dims: null }],
    nodes: [{ name: 'multiply', opType: 'MatMul', domain: '', inputs: ['x', 'w'], outputs: ['y'], attributes: {} }],
    initializers: new Map([['w', { dtype: 'float32', dims: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }]]),
    valueInfo: new Map(),
  },
}

/** The same with something of every message. */
const rich: Model = {
  ...small,
  metadata: new Map([['key', 'value']]),
  functions: [
    {
      name: 'f',
      domain: 'own',
      inputs: ['a'],
      outputs: ['b'],
      attributes: ['k'],
      nodes: [],
      opsets: new Map([['', 17]]),
    },
  ],
  graph: {
    ...small.graph,
    nodes: [
      {
        ...(small.graph.nodes[0] as Node),
        attributes: {
          body: { type: 'graph', value: small.graph },
          list: { type: 'ints', value: [1n, -1n] },
          words: { type: 'tensor', value: { dtype: 'string', dims: [2], data: ['a', 'b'] } },
        },
      },
    ],
    valueInfo: new Map([['v', { name: 'v', dtype: 'float16', dims: ['n', 2, null] }]]),
  },
}

describe('the codec', () => {
  it('gives back every model that it has encoded', () => {
    fc.assert(
      fc.property(models, (model) => {
        expect(decodeModel(encodeModel(model))).toEqual(model)
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['float32', 4, 'float', [1.5, -2], Float32Array.of(1.5, -2)],
    ['complex64', 4, 'float', [1.5, -2, 0, 1], Float32Array.of(1.5, -2, 0, 1)],
    ['float64', 10, 'double', [1e300, -2], Float64Array.of(1e300, -2)],
    ['complex128', 10, 'double', [1e300, -2, 0, 1], Float64Array.of(1e300, -2, 0, 1)],
    ['int64', 7, 'int64', [-5, 2], BigInt64Array.of(-5n, 2n)],
    ['uint64', 11, 'uint64', [5, 2], BigUint64Array.of(5n, 2n)],
    ['uint32', 11, 'uint64', [4294967295, 2], Uint32Array.of(4294967295, 2)],
    ['int32', 5, 'int32', [-5, 2], Int32Array.of(-5, 2)],
    ['int16', 5, 'int32', [-5, 2], Int16Array.of(-5, 2)],
    ['int8', 5, 'int32', [-5, 2], Int8Array.of(-5, 2)],
    ['uint16', 5, 'int32', [65535, 2], Uint16Array.of(65535, 2)],
    ['uint8', 5, 'int32', [255, 2], Uint8Array.of(255, 2)],
    ['bool', 5, 'int32', [1, 0], Uint8Array.of(1, 0)],
    ['float16', 5, 'int32', [0x3c00, 0xc000], Uint16Array.of(0x3c00, 0xc000)],
    ['bfloat16', 5, 'int32', [0x3f80, 0xc000], Uint16Array.of(0x3f80, 0xc000)],
    ['float8e5m2', 5, 'int32', [0x3c, 0xc0], Uint8Array.of(0x3c, 0xc0)],
    ['int4', 5, 'int32', [0x21], Uint8Array.of(0x21)],
  ] as const)('reads %s from its typed field, packed or not', (dtype, field, kind, values, expected) => {
    const wireType = kind === 'float' ? WireType.Bit32 : kind === 'double' ? WireType.Bit64 : WireType.Varint
    const write = (writer: BinaryWriter, value: number) =>
      (writer[kind] as (value: number) => BinaryWriter).call(writer, value)
    const single = tensorHeader(dtype, 2)
    for (const value of values) write(single.tag(field, wireType), value)
    const inner = new BinaryWriter()
    for (const value of values) write(inner, value)
    const packed = tensorHeader(dtype, 2).tag(field, WireType.LengthDelimited).bytes(inner.finish())
    for (const weight of [single, packed]) {
      expect(decodeModel(modelOf(weight)).graph.initializers.get('w')).toEqual({ dtype, dims: [2], data: expected })
    }
  })

  it('reads the attributes of the first IR versions, which do not say their type', () => {
    const attribute = new BinaryWriter()
      .tag(1, WireType.LengthDelimited)
      .string('axis')
      .tag(3, WireType.Varint)
      .int64(-1)
    const node = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(attribute.finish())
    const graph = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(node.finish())
    const { nodes } = decodeModel(
      new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(graph.finish()).finish(),
    ).graph
    expect(nodes[0]?.attributes).toEqual({ axis: { type: 'int', value: -1n } })
  })

  it('gives the standard domain one name', () => {
    const { graph } = small
    const [node] = graph.nodes as [Node]
    const model = {
      ...small,
      opsets: new Map([['ai.onnx', 17]]),
      graph: { ...graph, nodes: [{ ...node, domain: 'ai.onnx' }] },
    }
    expect(decodeModel(encodeModel(model))).toEqual(small)
  })

  it('either reads damaged bytes or refuses them with one clear error', () => {
    const bytes = encodeModel(rich)
    expect(decodeModel(bytes)).toEqual(rich)
    for (let length = 0; length < bytes.length; length++) expectReadOrRefused(bytes.slice(0, length))
    const damage = fc.tuple(fc.nat(bytes.length - 1), fc.nat(7))
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (flips) => {
        const damaged = bytes.slice()
        for (const [position, bit] of flips) damaged[position] = (damaged[position] as number) ^ (1 << bit)
        expectReadOrRefused(damaged)
      }),
      { numRuns: 2000 },
    )
  })

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'it is empty'],
    ['a file without graph', new BinaryWriter().tag(1, WireType.Varint).int64(8).finish(), 'it holds no graph'],
    ['text', new TextEncoder().encode('<html>not found</html>'), 'Model.graph has wire type 4'],
    // Claimed sizes are compared with what is there, before anything is reserved.
    ['a tensor of claimed size', modelOf(tensorHeader('float32', 2 ** 50)), 'has 0 elements'],
    ['a tensor of negative size', modelOf(tensorHeader('float32', -1)), 'has dimensions [-1]'],
    [
      'raw bytes that are no whole elements',
      modelOf(tensorHeader('float32', 1).tag(9, WireType.LengthDelimited).bytes(new Uint8Array(3))),
      'tensor w has 3 bytes of float32',
    ],
    [
      'a field of another type',
      modelOf(tensorHeader('int64', 1).tag(4, WireType.Bit32).float(1.5)),
      'tensor w has 0 elements for int64[1]',
    ],
    [
      'a list that ends inside of an element',
      modelOf(tensorHeader('float32', 1).tag(4, WireType.LengthDelimited).bytes(new Uint8Array(5))),
      'breaks off',
    ],
    ['an unknown element type', modelOf(new BinaryWriter().tag(2, WireType.Varint).int32(99)), 'has element type 99'],
    [
      'strings in another file',
      modelOf(tensorHeader('string', 1).tag(14, WireType.Varint).int32(1)),
      'keeps strings in another file',
    ],
    ['an initializer twice', modelOf(tensorHeader('float32', 0), tensorHeader('float32', 0)), 'two initializers w'],
    ['graphs without end', nested(200), 'nests more than 100 messages'],
    ['graphs without end, far more of them', nested(20_000), 'nests more than 100 messages'],
  ])('refuses %s', (_, bytes, reason) => {
    expect(() => decodeModel(bytes)).toThrow(InvalidInputError)
    expect(() => decodeModel(bytes)).toThrow(
      expect.objectContaining({ code: 'onnx.not-a-model', message: expect.stringContaining(reason) }),
    )
  })

  it('refuses weights in a file beside where it has none at hand', () => {
    const outside = tensorHeader('float32', 1).tag(14, WireType.Varint).int32(1)
    expect(() => decodeModel(modelOf(outside))).toThrow(expect.objectContaining({ code: 'onnx.external-data' }))
  })
})

function expectReadOrRefused(damaged: Uint8Array): void {
  try {
    decodeModel(damaged)
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInputError)
    // A flipped bit can say that the weights lie in another file.
    expect(error).toMatchObject({ code: expect.stringMatching(/^onnx\.(not-a-model|external-data)$/) })
  }
}

/** The beginning of a TensorProto w of one dimension. */
function tensorHeader(dtype: DataType, size: number): BinaryWriter {
  const writer = new BinaryWriter().tag(1, WireType.Varint).int64(size)
  return writer.tag(2, WireType.Varint).int32(dataTypes.indexOf(dtype)).tag(8, WireType.LengthDelimited).string('w')
}

/** A ModelProto that holds nothing but initializers. */
function modelOf(...initializers: BinaryWriter[]): Uint8Array {
  const graph = new BinaryWriter()
  for (const one of initializers) graph.tag(5, WireType.LengthDelimited).bytes(one.finish())
  return new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(graph.finish()).finish()
}

/** A graph in an attribute of a node of a graph, and so on. */
function nested(depth: number): Uint8Array {
  let bytes = new Uint8Array()
  const wrap = (field: number) => {
    bytes = new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(bytes).finish() as Uint8Array<ArrayBuffer>
  }
  for (let i = 0; i < depth; i++) for (const field of [6, 5, 1]) wrap(field)
  wrap(7)
  return bytes
}
