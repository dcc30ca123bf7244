import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InvalidInputError } from '../base/index.ts'
import { decodeModel, encodeModel } from './codec.ts'
import type { Attribute, Graph, Model, Node, ValueInfo } from './graph.ts'
import { readModel, writeModel } from './model-file.ts'
import { arrayTypes, type DataType, dataTypes, storageLength, type Tensor } from './tensor.ts'

const dtypes = dataTypes.filter((dtype): dtype is DataType => dtype !== null)
const name = fc.string({ minLength: 1, maxLength: 8 })
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const float32 = fc.float()

const tensorOf = (dtype: DataType): fc.Arbitrary<Tensor> =>
  fc.array(fc.nat(3), { maxLength: 3 }).chain((dims) => {
    const length = storageLength(
      dtype,
      dims.reduce((product, dim) => product * dim, 1),
    )
    if (dtype === 'string')
      return fc
        .array(fc.string(), { minLength: length, maxLength: length })
        .map((data): Tensor => ({ dtype, dims, data }))
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
    fc.record({ type: fc.constant('string' as const), value: fc.string() }),
    fc.record({ type: fc.constant('ints' as const), value: fc.array(int64, { maxLength: 4 }) }),
    fc.record({ type: fc.constant('floats' as const), value: fc.array(float32, { maxLength: 4 }) }),
    fc.record({ type: fc.constant('strings' as const), value: fc.array(fc.string(), { maxLength: 3 }) }),
    fc.record({ type: fc.constant('tensor' as const), value: tensors }),
    fc.record({ type: fc.constant('tensors' as const), value: fc.array(tensors, { maxLength: 2 }) }),
    fc.record({ type: fc.constant('reference' as const), value: name }),
    fc.record({ type: fc.constant('graph' as const), value: tie('graph') }),
    fc.record({ type: fc.constant('graphs' as const), value: fc.array(tie('graph'), { maxLength: 2 }) }),
  ) as fc.Arbitrary<Attribute>,
  node: fc.record({
    name: fc.string(),
    opType: name,
    domain: fc.constantFrom('', 'com.microsoft'),
    inputs: fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 }),
    outputs: fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 }),
    attributes: fc.dictionary(
      name.filter((key) => key !== '__proto__'),
      tie('attribute'),
      { maxKeys: 2, noNullPrototype: true },
    ),
  }),
  graph: fc.record({
    name: fc.string(),
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
  producerName: fc.string(),
  producerVersion: fc.string(),
  metadata: fc.array(fc.tuple(name, fc.string()), { maxLength: 2 }).map((entries) => new Map(entries)),
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
    ['float64', 10, 'double', [1e300, -2], Float64Array.of(1e300, -2)],
    ['int64', 7, 'int64', [-5, 2], BigInt64Array.of(-5n, 2n)],
    ['uint64', 11, 'uint64', [5, 2], BigUint64Array.of(5n, 2n)],
    ['int8', 5, 'int32', [-5, 2], Int8Array.of(-5, 2)],
    ['bool', 5, 'int32', [1, 0], Uint8Array.of(1, 0)],
    ['float16', 5, 'int32', [0x3c00, 0xc000], Uint16Array.of(0x3c00, 0xc000)],
    ['uint32', 11, 'uint64', [4294967295, 2], Uint32Array.of(4294967295, 2)],
  ] as const)('reads %s from its typed field, packed or not', (dtype, field, kind, values, expected) => {
    const wireType = kind === 'float' ? WireType.Bit32 : kind === 'double' ? WireType.Bit64 : WireType.Varint
    const write = (writer: BinaryWriter, value: number) =>
      (writer[kind] as (value: number) => BinaryWriter).call(writer, value)
    const header = () =>
      new BinaryWriter()
        .tag(1, WireType.Varint)
        .int64(2)
        .tag(2, WireType.Varint)
        .int32(dataTypes.indexOf(dtype))
        .tag(8, WireType.LengthDelimited)
        .string('w')
    const single = header()
    for (const value of values) write(single.tag(field, wireType), value)
    const inner = new BinaryWriter()
    for (const value of values) write(inner, value)
    const packed = header().tag(field, WireType.LengthDelimited).bytes(inner.finish())
    for (const tensor of [single, packed]) {
      const graph = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(tensor.finish())
      const model = decodeModel(new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(graph.finish()).finish())
      expect(model.graph.initializers.get('w')).toEqual({ dtype, dims: [2], data: expected })
    }
  })

  it('either reads damaged bytes or refuses them with one clear error', () => {
    const bytes = encodeModel(small)
    const tryDecode = (damaged: Uint8Array) => {
      try {
        decodeModel(damaged)
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidInputError)
        expect(error).toMatchObject({ code: expect.stringMatching(/^onnx\.(not-a-model|external-data)$/) })
      }
    }
    for (let length = 0; length < bytes.length; length++) tryDecode(bytes.slice(0, length))
    const damage = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (changes) => {
        const damaged = bytes.slice()
        for (const [position, value] of changes) damaged[position] = value
        tryDecode(damaged)
      }),
      { numRuns: 1000 },
    )
  })

  it('does not reserve memory for a tensor that only claims to be large', () => {
    const huge = {
      ...small.graph,
      initializers: new Map([
        ['w', { dtype: 'float32', dims: [2 ** 30, 2 ** 30], data: new Float32Array(1) } as const],
      ]),
    }
    expect(() => decodeModel(encodeModel({ ...small, graph: huge }))).toThrow(
      expect.objectContaining({ code: 'onnx.not-a-model' }),
    )
  })
})

describe('model files', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'capstan-codec-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('come back whole, with weights inside or in a file beside', async () => {
    await writeModel(join(folder, 'inside.onnx'), small)
    await writeModel(join(folder, 'outside.onnx'), small, {
      externalData: { fileName: 'outside.data', sizeBytesMin: 1 },
    })
    expect(await readModel(join(folder, 'inside.onnx'))).toEqual(small)
    expect(await readModel(join(folder, 'outside.onnx'))).toEqual(small)
  })

  it.each([
    ['missing.data', undefined, 'cannot be read from missing.data'],
    ['short.data', '1234', 'needs bytes 0 to 24 of short.data, which has 4'],
    ['../escape.data', undefined, 'lies outside of the model’s folder'.replace('’', "'")],
    ['/etc/hostname', undefined, "lies outside of the model's folder"],
  ])('say what is wrong with external data at %s', async (location, content, message) => {
    const path = join(folder, 'external.onnx')
    await writeModel(path, small, { externalData: { fileName: 'x'.repeat(location.length), sizeBytesMin: 1 } })
    const bytes = (await readFile(path)).toString('latin1').replace('x'.repeat(location.length), location)
    await writeFile(path, bytes, 'latin1')
    if (content) await writeFile(join(folder, location), content)
    await expect(readModel(path)).rejects.toThrow(
      expect.objectContaining({ code: 'onnx.external-data', message: expect.stringContaining(message) }),
    )
  })

  it('say where there is none', async () => {
    await expect(readModel(join(folder, 'nowhere.onnx'))).rejects.toThrow(
      expect.objectContaining({ code: 'onnx.no-file' }),
    )
  })

  it('name the file that holds no model', async () => {
    await writeFile(join(folder, 'text.onnx'), 'hello, this is no model')
    await expect(readModel(join(folder, 'text.onnx'))).rejects.toThrow(/text\.onnx: This is not an ONNX model/)
  })
})
