/** Tensors between their message and their typed array. */
import { assert, InvalidInputError } from '../base/index.ts'
import type { Message } from './messages.ts'
import { arrayTypes, type DataType, sizeOf, storageLength, type Tensor, type TensorData } from './tensor.ts'
import { notAModel } from './wire.ts'

/** TensorProto.DataType by number. */
export const dataTypes: readonly (DataType | null)[] = [
  null,
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
]

/** Where the bytes of a tensor with external data are. */
export type ExternalData = { location: string; offset: number; length: number | undefined }

/** Finds the bytes of external data; without one, a tensor with external data is refused. */
export type LoadExternal = (external: ExternalData, tensorName: string) => Uint8Array

export function toTensor(message: Message, loadExternal?: LoadExternal): Tensor {
  const name = String(message.name ?? '')
  const dtype = dataTypes[Number(message.dataType ?? 0)]
  if (!dtype) throw notAModel(`tensor ${name} has element type ${message.dataType ?? 0}`)
  const dims = ((message.dims ?? []) as bigint[]).map(Number)
  if (dims.some((dim) => dim < 0 || !Number.isSafeInteger(dim)))
    throw notAModel(`tensor ${name} has dimensions [${dims}]`)
  const length = storageLength(dtype, sizeOf(dims))
  const data =
    Number(message.dataLocation ?? 0) === 1
      ? external(message, name, dtype, length, loadExternal)
      : inline(message, name, dtype, length)
  if (data.length !== length) throw notAModel(`tensor ${name} has ${data.length} elements for ${dtype}[${dims}]`)
  return { dtype, dims, data }
}

export function fromTensor(name: string, { dtype, dims, data }: Tensor): Message {
  const message: Message = { name, dataType: dataTypes.indexOf(dtype), dims: dims.map(BigInt) }
  if (Array.isArray(data)) return { ...message, stringData: data.map((text) => new TextEncoder().encode(text)) }
  return { ...message, rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
}

function external(
  message: Message,
  name: string,
  dtype: DataType,
  length: number,
  load: LoadExternal | undefined,
): TensorData {
  assert(dtype !== 'string', 'internal: external strings')
  const entries = new Map(
    ((message.externalData ?? []) as Message[]).map(({ key, value }) => [String(key), String(value)]),
  )
  const location = entries.get('location')
  if (!load || !location) {
    throw new InvalidInputError(
      'onnx.external-data',
      `Tensor ${name} keeps its data in ${location ?? 'an unnamed file'}, which is not at hand`,
      {
        hint: 'Read the model from its folder, so that the files beside it are found.',
      },
    )
  }
  const bytes = length * arrayTypes[dtype].BYTES_PER_ELEMENT
  const given = entries.get('length')
  const found = load(
    { location, offset: Number(entries.get('offset') ?? 0), length: given === undefined ? bytes : Number(given) },
    name,
  )
  return toTypedArray(dtype, found)
}

function inline(message: Message, name: string, dtype: DataType, length: number): TensorData {
  if (dtype === 'string')
    return ((message.stringData ?? []) as Uint8Array[]).map((bytes) => new TextDecoder().decode(bytes))
  if (message.rawData !== undefined) return toTypedArray(dtype, message.rawData as Uint8Array, name)
  const typed = (message.floatData ??
    message.int32Data ??
    message.int64Data ??
    message.doubleData ??
    message.uint64Data ??
    []) as (number | bigint)[]
  const result = new arrayTypes[dtype](length)
  if (typed.length !== length) throw notAModel(`tensor ${name} has ${typed.length} elements in place of ${length}`)
  const isBig = result instanceof BigInt64Array || result instanceof BigUint64Array
  typed.forEach((value, i) => {
    result[i] = isBig ? BigInt(value) : Number(value)
  })
  return result
}

/** A view of the bytes, or a copy where their place in memory does not suit the element's size. */
function toTypedArray(dtype: Exclude<DataType, 'string'>, bytes: Uint8Array, name = ''): Exclude<TensorData, string[]> {
  const ArrayType = arrayTypes[dtype]
  const size = ArrayType.BYTES_PER_ELEMENT
  if (bytes.byteLength % size !== 0) throw notAModel(`tensor ${name} has ${bytes.byteLength} bytes of ${dtype}`)
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes)
  return new ArrayType(aligned.buffer, aligned.byteOffset, aligned.byteLength / size)
}
