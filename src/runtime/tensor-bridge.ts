import * as ort from 'onnxruntime-node'
import { UnsupportedError } from '../base/index.ts'
import type { Tensor, TensorData } from '../onnx/index.ts'

/**
 * The runtime's view of a tensor, over the same memory and made once per tensor: state that is input and pre-allocated
 * output of every step costs no copy and no garbage.
 */
const views = new WeakMap<Tensor, ort.Tensor>()

const runtimeTypes = new Set<string>([
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
  'uint4',
  'int4',
])

export function toRuntime(tensor: Tensor): ort.Tensor {
  const known = views.get(tensor)
  if (known) return known
  if (!runtimeTypes.has(tensor.dtype)) {
    throw new UnsupportedError(
      'runtime.unsupported-dtype',
      `ONNX Runtime's JavaScript API has no ${tensor.dtype} tensors`,
      {
        hint: 'Cast the value to float32 inside the graph.',
      },
    )
  }
  // Node 24 has Float16Array and the runtime then insists on it; the bits are the same.
  const Float16 = (globalThis as { Float16Array?: new (b: ArrayBufferLike, o: number, n: number) => TensorData })
    .Float16Array
  const data =
    tensor.dtype === 'float16' && Float16 && tensor.data instanceof Uint16Array
      ? new Float16(tensor.data.buffer, tensor.data.byteOffset, tensor.data.length)
      : tensor.data
  const view = new ort.Tensor(tensor.dtype as 'float32', data as Float32Array, tensor.dims)
  views.set(tensor, view)
  return view
}

export function fromRuntime(view: ort.Tensor): Tensor {
  const { data } = view as { data: TensorData }
  const bits =
    view.type === 'float16' && ArrayBuffer.isView(data) && !(data instanceof Uint16Array)
      ? new Uint16Array((data as Uint8Array).buffer, (data as Uint8Array).byteOffset, (data as Uint8Array).length)
      : data
  return { dtype: view.type, dims: view.dims, data: bits }
}
