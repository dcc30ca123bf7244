/**
 * A separate adapter on disk: `adapter_config.json` and `adapter_model.safetensors`, laid out as PEFT lays them out
 * (https://huggingface.co/docs/peft/developer_guides/checkpoint). A few MB: factors and head, none of the base's weights.
 */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidInputError, present } from '../base/index.ts'
import { type AdapterConfig, adapterConfigSchema, adapterFiles } from '../contracts/index.ts'
import type { Tensor } from '../onnx/index.ts'
import { type FloatTensor, openSafetensors, writeSafetensors } from '../storage/index.ts'
import type { Adapter } from './adapters.ts'

/** An adapter and the head that was trained with it. */
export type LoadedAdapter = {
  readonly config: AdapterConfig
  readonly adapters: readonly Adapter[]
  /** The head's weights by their names in the graph; those of an embedding are none. */
  readonly head: ReadonlyMap<string, Tensor>
}

/** Writes both files into a folder that exists. */
export async function saveAdapter(folder: string, { config, adapters, head }: LoadedAdapter): Promise<void> {
  const tensors = new Map<string, FloatTensor>()
  adapters.forEach(({ a, b }, i) => {
    const names = factorNames(config, i)
    const { isTransposed } = present(config.capstan.weights[i], 'weight')
    tensors.set(names.a, isTransposed ? toFloats(b) : transposed(a))
    tensors.set(names.b, isTransposed ? toFloats(a) : transposed(b))
  })
  for (const [name, tensor] of head) tensors.set(`${prefix}${name}`, toFloats(tensor))
  await writeSafetensors(join(folder, adapterFiles.tensors), tensors, { format: 'pt' })
  await writeFile(join(folder, adapterFiles.config), `${JSON.stringify(config, null, 2)}\n`)
}

/** Throws InvalidInputError `encoders.invalid-adapter` or `storage.damaged-tensors`. */
export async function loadAdapter(folder: string): Promise<LoadedAdapter> {
  const config = await readAdapterConfig(folder)
  const path = join(folder, adapterFiles.tensors)
  if (!existsSync(path)) throw invalid(`${folder} has no ${adapterFiles.tensors}`)
  const file = await openSafetensors(path)
  try {
    const read = async (name: string): Promise<Tensor> => {
      const dims = file.dims.get(name)
      if (!dims) throw invalid(`${path} has no tensor ${name}, which ${adapterFiles.config} speaks of`)
      const data = new Float32Array(dims.reduce((size, dim) => size * dim, 1))
      await file.readInto(name, { dims, data })
      return { dtype: 'float32', dims, data }
    }
    const adapters: Adapter[] = []
    for (const [i, { name: weight, isTransposed }] of config.capstan.weights.entries()) {
      const names = factorNames(config, i)
      const [first, second] = [await read(names.a), await read(names.b)]
      adapters.push(
        isTransposed ? { weight, a: second, b: first } : { weight, a: transposed(first), b: transposed(second) },
      )
    }
    const factors = new Set(adapters.flatMap((_, i) => Object.values(factorNames(config, i))))
    const head = new Map<string, Tensor>()
    for (const name of file.dims.keys()) if (!factors.has(name)) head.set(name.slice(prefix.length), await read(name))
    return { config, adapters, head }
  } finally {
    await file.close()
  }
}

/** Whether the folder holds a separate adapter in place of a whole model. */
export function isAdapterFolder(folder: string): boolean {
  return existsSync(join(folder, adapterFiles.config))
}

/** Throws InvalidInputError `encoders.invalid-adapter`. */
export async function readAdapterConfig(folder: string): Promise<AdapterConfig> {
  const path = join(folder, adapterFiles.config)
  try {
    return adapterConfigSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw invalid(`${path} is not the configuration of an adapter that Capstan wrote`, cause)
  }
}

const prefix = 'base_model.model.'

function factorNames({ target_modules }: AdapterConfig, index: number) {
  const layer = `${prefix}${present(target_modules[index], 'target module')}`
  return { a: `${layer}.lora_A.weight`, b: `${layer}.lora_B.weight` }
}

function toFloats({ dims, data }: Tensor): FloatTensor {
  return { dims, data: data as Float32Array }
}

function transposed({ dims, data }: Pick<Tensor, 'dims' | 'data'>): Tensor & FloatTensor {
  const [rows, columns] = dims as [number, number]
  const result = new Float32Array(rows * columns)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = data[row * columns + column] as number
    }
  }
  return { dtype: 'float32', dims: [columns, rows], data: result }
}

function invalid(message: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError('encoders.invalid-adapter', message, {
    hint: 'Train it anew with --adapter separate, or copy its folder again.',
    cause,
  })
}
