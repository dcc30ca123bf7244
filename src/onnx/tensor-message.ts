/** Tensors between their message and their typed array. */
import { InvalidInputError } from '../base/index.ts'
import type { Message } from './messages.ts'
import { arrayTypes, type DataType, dataTypes, sizeOf, storageLength, type Tensor, type TensorData } from './tensor.ts'
import { notAModel } from './wire.ts'

/** The field that holds elements one by one; `rawData` may stand in its place. */
const typedFields: Record<Exclude<DataType, 'string'>, string> = {
  float32: 'floatData',
  complex64: 'floatData',
  float64: 'doubleData',
  complex128: 'doubleData',
  int64: 'int64Data',
  uint32: 'uint64Data',
  uint64: 'uint64Data',
  int32: 'int32Data',
  uint8: 'int32Data',
  int8: 'int32Data',
  uint16: 'int32Data',
  int16: 'int32Data',
  bool: 'int32Data',
  float16: 'int32Data',
  bfloat16: 'int32Data',
  float8e4m3fn: 'int32Data',
  float8e4m3fnuz: 'int32Data',
  float8e5m2: 'int32Data',
  float8e5m2fnuz: 'int32Data',
  uint4: 'int32Data',
  int4: 'int32Data',
  float4e2m1: 'int32Data',
}

// A leading byte order mark is text here.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

export function encodeText(value: string): Uint8Array {
  return encoder.encode(value)
}

/** Where the bytes of a tensor with external data are. */
export type ExternalData = { location: string; offset: number; length: number }

/** Finds the bytes of external data; without one, a tensor with external data is refused. */
export type LoadExternal = (external: ExternalData, tensorName: string) => Uint8Array

/** Throws InvalidInputError `onnx.not-a-model` or `onnx.external-data`. */
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
      ? readExternal(message, dtype, length, loadExternal)
      : readInline(message, dtype)
  if (data.length !== length) throw notAModel(`tensor ${name} has ${data.length} elements for ${dtype}[${dims}]`)
  return { dtype, dims, data }
}

export function fromTensor(name: string, { dtype, dims, data }: Tensor): Message {
  const message: Message = { name, dataType: dataTypes.indexOf(dtype), dims: dims.map(BigInt) }
  if (Array.isArray(data)) return { ...message, stringData: data.map(encodeText) }
  return { ...message, rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
}

function readExternal(
  message: Message,
  dtype: DataType,
  length: number,
  load: LoadExternal | undefined,
): Exclude<TensorData, string[]> {
  const name = String(message.name ?? '')
  if (dtype === 'string') throw notAModel(`tensor ${name} keeps strings in another file`)
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
  const place = {
    location,
    offset: Number(entries.get('offset') ?? 0),
    length: Number(entries.get('length') ?? length * arrayTypes[dtype].BYTES_PER_ELEMENT),
  }
  if (!Number.isSafeInteger(place.offset) || !Number.isSafeInteger(place.length)) {
    throw notAModel(`tensor ${name} has its data at offset ${entries.get('offset')}, length ${entries.get('length')}`)
  }
  return toTypedArray(dtype, load(place, name), name)
}

/** The elements that are there; the caller compares their number with the claimed one, before which nothing is reserved. */
function readInline(message: Message, dtype: DataType): TensorData {
  if (dtype === 'string') return ((message.stringData ?? []) as Uint8Array[]).map(decodeText)
  if (message.rawData !== undefined) {
    return toTypedArray(dtype, message.rawData as Uint8Array, String(message.name ?? ''))
  }
  const values = (message[typedFields[dtype]] ?? []) as (number | bigint)[]
  const result = new arrayTypes[dtype](values.length)
  const isBig = result instanceof BigInt64Array || result instanceof BigUint64Array
  values.forEach((value, i) => {
    result[i] = isBig ? value : Number(value)
  })
  return result
}

/** A view of the bytes, or a copy where their place in memory does not suit the element's size. */
function toTypedArray(
  dtype: Exclude<DataType, 'string'>,
  bytes: Uint8Array,
  name: string,
): Exclude<TensorData, string[]> {
  const ArrayType = arrayTypes[dtype]
  const size = ArrayType.BYTES_PER_ELEMENT
  if (bytes.byteLength % size !== 0) throw notAModel(`tensor ${name} has ${bytes.byteLength} bytes of ${dtype}`)
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes)
  return new ArrayType(aligned.buffer, aligned.byteOffset, aligned.byteLength / size)
}
