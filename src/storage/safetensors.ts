/**
 * Tensors in a file, with metadata: eight bytes of header size (little endian), a JSON header with type, shape and place of
 * each tensor, then their bytes. Format: https://huggingface.co/docs/safetensors.
 */
import { open } from 'node:fs/promises'
import { InvalidInputError, present } from '../base/index.ts'
import { writeWhole } from './write-whole.ts'

export type FloatTensor = { readonly dims: readonly number[]; readonly data: Float32Array }

type Entry = { dtype: 'F32'; shape: readonly number[]; data_offsets: readonly [number, number] }

/** Writes float32 tensors; the file appears whole or not at all. */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, FloatTensor>,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  let offset = 0
  const entries = [...tensors].map(([name, { dims, data }]): [string, Entry] => {
    const start = offset
    offset += data.byteLength
    return [name, { dtype: 'F32', shape: dims, data_offsets: [start, offset] }]
  })
  const json = new TextEncoder().encode(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }))
  // Padded with spaces so that the tensors are aligned.
  const header = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20)
  header.set(json)
  const size = new Uint8Array(new BigUint64Array([BigInt(header.byteLength)]).buffer)
  const bytes = [...tensors.values()].map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  await writeWhole(path, [size, header, ...bytes])
}

/** Opens a file of tensors: its metadata, and a function that reads a tensor into an array of its size. */
export async function openSafetensors(path: string) {
  const file = await open(path, 'r')
  const damaged = (reason: string, cause?: unknown) =>
    new InvalidInputError('storage.damaged-tensors', `${path} cannot be read: ${reason}`, {
      hint: 'The file was cut or changed after it was written. Restore it, or start the run that wrote it anew.',
      cause,
    })
  const readAt = async (into: Uint8Array, position: number, what: string) => {
    const { bytesRead } = await file.read(into, 0, into.byteLength, position)
    if (bytesRead !== into.byteLength) throw damaged(`it ends within ${what}`)
  }
  try {
    const size = new Uint8Array(8)
    await readAt(size, 0, 'the header')
    const length = Number(new DataView(size.buffer).getBigUint64(0, true))
    const { size: total } = await file.stat()
    if (length > total) throw damaged(`its header would be ${length} bytes long`)
    const bytes = new Uint8Array(length)
    await readAt(bytes, 8, 'the header')
    const { __metadata__: metadata, ...entries } = parseHeader(bytes, damaged)
    return {
      metadata: metadata as unknown as Readonly<Record<string, string>>,
      dims: new Map(Object.entries(entries).map(([name, { shape }]) => [name, shape])),
      async readInto(name: string, { data }: FloatTensor): Promise<void> {
        const [start, end] = present(entries[name], `tensor ${name}`).data_offsets
        if (end - start !== data.byteLength) throw damaged(`${name} has ${end - start} bytes, not ${data.byteLength}`)
        await readAt(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 8 + length + start, name)
      },
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

function parseHeader(
  bytes: Uint8Array,
  damaged: (reason: string, cause: unknown) => InvalidInputError,
): Record<string, Entry> {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, Entry>
  } catch (cause) {
    throw damaged('its header is not JSON', cause)
  }
}
