import { assert } from '../base/index.ts'

/** Element types of ONNX (TensorProto.DataType), by the names that the ONNX Runtime API uses where it has one. */
export type DataType =
  | 'float32'
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'string'
  | 'bool'
  | 'float16'
  | 'float64'
  | 'uint32'
  | 'uint64'
  | 'complex64'
  | 'complex128'
  | 'bfloat16'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'uint4'
  | 'int4'
  | 'float4e2m1'

/** The types by their number in files (TensorProto.DataType). */
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

/**
 * Elements in row-major order. `float16` and `bfloat16` are kept as their 16 bits in a `Uint16Array`, 8-bit floats as
 * their byte, `bool` as 0 or 1, complex numbers as pairs, 4-bit types packed two to a byte (low nibble first).
 */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | string[]

/** A constant, or data that go in and out of a session. */
export type Tensor = { readonly dtype: DataType; readonly dims: readonly number[]; readonly data: TensorData }

type TypedArrayConstructor = {
  readonly BYTES_PER_ELEMENT: number
  new (length: number): Exclude<TensorData, string[]>
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Exclude<TensorData, string[]>
}

/** The array that holds elements of each type; `string` has none. */
export const arrayTypes: Record<Exclude<DataType, 'string'>, TypedArrayConstructor> = {
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  float16: Uint16Array,
  float64: Float64Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  complex64: Float32Array,
  complex128: Float64Array,
  bfloat16: Uint16Array,
  float8e4m3fn: Uint8Array,
  float8e4m3fnuz: Uint8Array,
  float8e5m2: Uint8Array,
  float8e5m2fnuz: Uint8Array,
  uint4: Uint8Array,
  int4: Uint8Array,
  float4e2m1: Uint8Array,
}

/** Types whose array holds the numbers themselves; of the others it holds bits, pairs or text. */
export const numericTypes: ReadonlySet<DataType> = new Set<DataType>([
  'float32',
  'float64',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
])

/** Number of elements of a tensor with these dimensions; 1 for a scalar. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1)
}

/** Length of the array that holds `size` elements of `dtype`. */
export function storageLength(dtype: DataType, size: number): number {
  if (dtype === 'uint4' || dtype === 'int4' || dtype === 'float4e2m1') return Math.ceil(size / 2)
  return dtype === 'complex64' || dtype === 'complex128' ? 2 * size : size
}

/** A zero-filled tensor. */
export function zeros(dtype: Exclude<DataType, 'string'>, dims: readonly number[]): Tensor {
  return { dtype, dims, data: new arrayTypes[dtype](storageLength(dtype, sizeOf(dims))) }
}

/** A tensor around existing elements; asserts that their number fits the dimensions. */
export function tensor(dtype: DataType, dims: readonly number[], data: TensorData): Tensor {
  assert(
    data.length === storageLength(dtype, sizeOf(dims)),
    `internal: ${data.length} elements for ${dtype}[${dims.join(', ')}]`,
  )
  return { dtype, dims, data }
}

/** A one-dimensional int64 tensor, the form that shapes and axes take. */
export function int64s(values: readonly number[]): Tensor {
  return { dtype: 'int64', dims: [values.length], data: BigInt64Array.from(values, (value) => BigInt(value)) }
}

/** A scalar of a numeric type. */
export function scalar(dtype: 'float32' | 'float64' | 'int64' | 'int32' | 'bool', value: number): Tensor {
  const result = zeros(dtype, [])
  if (result.data instanceof BigInt64Array) result.data[0] = BigInt(value)
  else (result.data as Float32Array)[0] = value
  return result
}

/** The elements as JavaScript numbers, for integer and float tensors small enough to be read one by one. */
export function toNumbers(value: Tensor): number[] {
  assert(value.dtype !== 'string', 'internal: a string tensor has no numbers')
  return Array.from(value.data as ArrayLike<number | bigint>, Number)
}
