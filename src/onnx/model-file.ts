/** Models on disk, with their external data. */
import { readFileSync } from 'node:fs'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { createId, InvalidInputError, NotFoundError, UnsupportedError } from '../base/index.ts'
import { decodeModel, encodeModelPieces } from './codec.ts'
import type { Model } from './graph.ts'
import { type ExternalData, fromTensor, type LoadExternal } from './tensor-message.ts'

/** How a model is laid out on disk. */
export type WriteModelOptions = {
  /** Keep tensors of at least `sizeBytesMin` bytes in this file beside the model: needed above 2 GB. */
  externalData?: { fileName: string; sizeBytesMin: number }
}

const protobufSizeMax = 2 ** 31 - 1
/** External data is aligned as the specification recommends, so that it can be mapped into memory. */
const externalAlignment = 4096

/**
 * Reads an `.onnx` file and the external data beside it. Throws NotFoundError `onnx.no-file`, InvalidInputError
 * `onnx.not-a-model` or `onnx.external-data`.
 */
export async function readModel(path: string): Promise<Model> {
  const bytes = await readFile(path).catch((cause) => {
    throw new NotFoundError('onnx.no-file', `Cannot read a model at ${path}: ${cause.message}`, {
      hint: 'Give the path of an .onnx file.',
      cause,
    })
  })
  try {
    return decodeModel(bytes, createExternalLoader(dirname(resolve(path))))
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    const { code, message, hint, cause } = error
    throw new InvalidInputError(code, `${path}: ${message}`, { cause, ...(hint === undefined ? {} : { hint }) })
  }
}

/**
 * Writes a model so that its path holds either the whole new file or what was there before; with external data both
 * files are complete before either takes its place. Throws UnsupportedError `onnx.too-large`, and what the disk says.
 */
export async function writeModel(path: string, model: Model, { externalData }: WriteModelOptions = {}): Promise<void> {
  const outside: Uint8Array[] = []
  let offset = 0
  const pieces = encodeModelPieces(model, (name, tensor) => {
    const message = fromTensor(name, tensor)
    const bytes = message.rawData as Uint8Array | undefined
    if (!externalData || !bytes || bytes.length < externalData.sizeBytesMin) return message
    const place = { location: externalData.fileName, offset, length: bytes.length }
    const padding = (externalAlignment - (bytes.length % externalAlignment)) % externalAlignment
    outside.push(bytes, new Uint8Array(padding))
    offset += bytes.length + padding
    const { rawData: _, ...rest } = message
    return {
      ...rest,
      dataLocation: 1,
      externalData: Object.entries(place).map(([key, value]) => ({ key, value: String(value) })),
    }
  })
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0)
  if (size > protobufSizeMax) {
    throw new UnsupportedError('onnx.too-large', `${path} would take ${size} bytes, more than one ONNX file can hold`, {
      hint: 'Pass externalData, so that weights go into a second file.',
    })
  }
  const files = [
    ...(externalData ? [{ path: join(dirname(path), externalData.fileName), pieces: outside }] : []),
    { path, pieces },
  ].map((file) => ({ ...file, draft: `${file.path}.${createId('draft')}` }))
  try {
    for (const { draft, pieces } of files) await writeSynced(draft, pieces)
    for (const { draft, path } of files) await rename(draft, path)
  } finally {
    // Drafts that took their place are gone; of a failure nothing is left.
    for (const { draft } of files) await rm(draft, { force: true })
  }
}

async function writeSynced(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'w')
  try {
    for (const piece of pieces) await file.writeFile(piece)
    await file.sync()
  } finally {
    await file.close()
  }
}

function createExternalLoader(folder: string): LoadExternal {
  const files = new Map<string, Uint8Array>()
  return ({ location, offset, length }: ExternalData, tensorName) => {
    const path = resolve(folder, location)
    if (isAbsolute(location) || relative(folder, path).split(sep)[0] === '..')
      throw badExternal(tensorName, `lies outside of the model's folder: ${location}`)
    if (!files.has(path)) {
      try {
        files.set(path, readFileSync(path))
      } catch (cause) {
        throw badExternal(tensorName, `cannot be read from ${location}`, cause)
      }
    }
    const bytes = files.get(path) as Uint8Array
    const end = offset + length
    if (offset < 0 || length < 0 || end > bytes.length) {
      throw badExternal(tensorName, `needs bytes ${offset} to ${end} of ${location}, which has ${bytes.length}`)
    }
    return bytes.subarray(offset, end)
  }
}

function badExternal(tensorName: string, reason: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError('onnx.external-data', `The data of tensor ${tensorName} ${reason}`, {
    hint: 'Keep the .onnx file and its data file together in one folder, both complete.',
    cause,
  })
}
