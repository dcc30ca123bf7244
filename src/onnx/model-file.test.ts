import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSession } from '../runtime/index.ts'
import type { Model } from './graph.ts'
import { GraphBuilder } from './graph-builder.ts'
import { readModel, writeModel } from './model-file.ts'
import { dataTypes, type Tensor, tensor } from './tensor.ts'

/** y = x · w, with an int8 weight beside so that offsets matter. */
function product(...weights: number[]): Model {
  const g = new GraphBuilder()
  const w = g.constant(tensor('float32', [3, 2], Float32Array.from(weights)), 'w')
  g.output('y', g.matMul(g.input('x', 'float32', [1, 3]), w))
  g.output('bytes', g.constant(tensor('int8', [3], Int8Array.of(-1, 0, 1)), 'bytes_value'))
  return g.build()
}
const model = product(1, 2, 3, 4, 5, 6)
const outside = { externalData: { fileName: 'model.data', sizeBytesMin: 1 } }

describe('model files', () => {
  let folder: string
  let path: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'capstan-model-'))
    path = join(folder, 'model.onnx')
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('come back whole', async () => {
    await writeModel(path, model)
    expect(await readModel(path)).toEqual(model)
    expect(await readdir(folder)).toEqual(['model.onnx'])
  })

  it('come back whole with weights in a file beside, which the runtime reads too', async () => {
    await writeModel(path, model, outside)
    expect((await readdir(folder)).sort()).toEqual(['model.data', 'model.onnx'])
    expect(await readModel(path)).toEqual(model)
    const session = await openSession(path)
    const { y, bytes } = await session.run({ x: tensor('float32', [1, 3], Float32Array.of(1, 10, 100)) })
    expect(y?.data).toEqual(Float32Array.of(531, 642))
    expect(bytes?.data).toEqual(Int8Array.of(-1, 0, 1))
    await session.release()
  })

  it('keep small weights and text inside when others go beside', async () => {
    const words: Tensor = { dtype: 'string', dims: [1], data: ['a long text'] }
    const { graph } = model
    const mixed = { ...model, graph: { ...graph, initializers: new Map(graph.initializers).set('words', words) } }
    await writeModel(path, mixed, { externalData: { fileName: 'model.data', sizeBytesMin: 4 } })
    // The float32 weight alone, padded to a page.
    expect((await stat(join(folder, 'model.data'))).size).toBe(4096)
    expect(await readModel(path)).toEqual(mixed)
  })

  it.each<[string, string[], string]>([
    ['a file that is not there', ['location=missing.data'], 'cannot be read from missing.data'],
    ['a folder', ['location=.'], 'cannot be read from .'],
    ['a file that is too short', ['location=short.data'], 'needs bytes 0 to 8 of short.data, which has 4'],
    ['bytes behind the end', ['location=short.data', 'offset=2', 'length=4'], 'needs bytes 2 to 6'],
    ['bytes before the beginning', ['location=short.data', 'offset=-4', 'length=4'], 'needs bytes -4 to 0'],
    ['a negative length', ['location=short.data', 'offset=4', 'length=-4'], 'needs bytes 4 to 0'],
    ['the folder above', ['location=../other.data'], "lies outside of the model's folder: ../other.data"],
    ['a place on the disk', ['location=/etc/hostname'], "lies outside of the model's folder: /etc/hostname"],
    ['no file', ['offset=0'], 'keeps its data in an unnamed file'],
  ])('whose weights lie in %s are refused', async (_, entries, message) => {
    await writeFile(join(folder, 'short.data'), '1234')
    await writeFile(path, externalModel(entries))
    await expect(readModel(path)).rejects.toThrow(
      expect.objectContaining({ code: 'onnx.external-data', message: expect.stringContaining(message) }),
    )
  })

  it.each<[string, string[], string]>([
    ['a place that is no number', ['location=short.data', 'offset=x'], 'has its data at offset x'],
    ['half an element', ['location=short.data', 'length=3'], 'has 3 bytes of float32'],
    ['fewer bytes than elements', ['location=short.data', 'length=4'], 'has 1 elements for float32[2]'],
  ])('whose weights lie in %s are no models', async (_, entries, message) => {
    await writeFile(join(folder, 'short.data'), '1234')
    await writeFile(path, externalModel(entries))
    await expect(readModel(path)).rejects.toThrow(
      expect.objectContaining({ code: 'onnx.not-a-model', message: expect.stringContaining(message) }),
    )
  })

  it('may keep weights in a folder beside, at any offset', async () => {
    await mkdir(join(folder, '..weights'))
    await writeFile(
      join(folder, '..weights', 'w.data'),
      Buffer.concat([Buffer.of(9), Buffer.from(Float32Array.of(1, 2).buffer)]),
    )
    await writeFile(path, externalModel(['location=..weights/w.data', 'offset=1']))
    const { graph } = await readModel(path)
    expect(graph.initializers.get('w')?.data).toEqual(Float32Array.of(1, 2))
  })

  it('stay as they were where writing fails, and nothing is left over', async () => {
    await writeModel(path, model, outside)
    const before = await readdir(folder)
    const changed = product(6, 5, 4, 3, 2, 1)
    await expect(
      writeModel(path, changed, { externalData: { fileName: 'nowhere/model.data', sizeBytesMin: 1 } }),
    ).rejects.toThrow('ENOENT')
    expect(await readModel(path)).toEqual(model)
    expect(await readdir(folder)).toEqual(before)
    await mkdir(join(folder, 'taken', 'inside'), { recursive: true })
    await expect(writeModel(join(folder, 'taken'), changed)).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
    expect(await readdir(folder)).toEqual([...before, 'taken'])
  })

  it('refuse more than one file can hold, before anything is written', async () => {
    await writeModel(path, model)
    const { graph } = model
    // Never touched, so the system gives it no memory.
    const large: Tensor = { dtype: 'int8', dims: [2 ** 31], data: new Int8Array(2 ** 31) }
    const tooLarge = { ...model, graph: { ...graph, initializers: new Map([['w', large]]) } }
    await expect(writeModel(path, tooLarge)).rejects.toThrow(expect.objectContaining({ code: 'onnx.too-large' }))
    expect(await readModel(path)).toEqual(model)
    expect(await readdir(folder)).toEqual(['model.onnx'])
  })

  it('say where there is none', async () => {
    await expect(readModel(join(folder, 'nowhere.onnx'))).rejects.toThrow(
      expect.objectContaining({ code: 'onnx.no-file' }),
    )
  })

  it('are named where they hold no model', async () => {
    await writeFile(path, 'hello, this is no model')
    await expect(readModel(path)).rejects.toThrow(/model\.onnx: This is not an ONNX model/)
  })
})

/** A model with one float32 weight of two elements, whose data are where `entries` (key=value) say. */
function externalModel(entries: readonly string[]): Uint8Array {
  const weight = new BinaryWriter().tag(1, WireType.Varint).int64(2)
  weight.tag(2, WireType.Varint).int32(dataTypes.indexOf('float32')).tag(8, WireType.LengthDelimited).string('w')
  for (const [key, value] of entries.map((entry) => entry.split('=') as [string, string])) {
    const pair = new BinaryWriter().tag(1, WireType.LengthDelimited).string(key)
    weight.tag(13, WireType.LengthDelimited).bytes(pair.tag(2, WireType.LengthDelimited).string(value).finish())
  }
  weight.tag(14, WireType.Varint).int32(1)
  const graph = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(weight.finish())
  return new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(graph.finish()).finish()
}
