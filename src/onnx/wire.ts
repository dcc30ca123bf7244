/** Protocol buffers' wire format, driven by the table of messages. */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { InvalidInputError } from '../base/index.ts'
import { type Field, type FieldValue, type Message, type MessageName, messages, type ScalarKind } from './messages.ts'

/** Protocol buffers' usual limit of messages in messages: deeper ones would exhaust the stack. */
const depthMax = 100

/** Reads a message. Bytes are views of `bytes`, not copies. `path` names the message in errors. */
export function decodeMessage(name: MessageName, bytes: Uint8Array, path: string = name, depth = 0): Message {
  if (depth > depthMax) throw notAModel(`it nests more than ${depthMax} messages`)
  const reader = new BinaryReader(bytes)
  const fields = messages[name]
  const result: Message = {}
  try {
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag()
      const field = fields[number]
      if (!field) reader.skip(wireType, number)
      else if (field.repeated) {
        const list = (result[field.name] ?? []) as FieldValue[]
        result[field.name] = list
        readRepeated({ reader, depth, path: `${path}.${field.name}` }, field, wireType, list)
      } else {
        result[field.name] = readValue({ reader, depth, path: `${path}.${field.name}` }, field.kind, wireType)
      }
    }
  } catch (cause) {
    if (cause instanceof InvalidInputError) throw cause
    throw notAModel(`${path} breaks off or is garbled at byte ${reader.pos} of ${reader.len}`, cause)
  }
  return result
}

/** The encoded message as pieces in order; large bytes stand in them uncopied. */
export function encodeMessage(name: MessageName, message: Message): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let writer = new BinaryWriter()
  const flush = () => {
    pieces.push(writer.finish())
    writer = new BinaryWriter()
  }
  const append = (number: number, chunks: readonly Uint8Array[]) => {
    // A varint of 64 bits, because a model too large for one file is measured before it is refused.
    writer.tag(number, WireType.LengthDelimited).int64(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
    flush()
    for (const chunk of chunks) pieces.push(chunk)
  }
  for (const [key, field] of Object.entries(messages[name])) {
    const number = Number(key)
    const value = message[field.name]
    if (value === undefined) continue
    const values = Array.isArray(value) ? value : [value]
    if (field.repeated && packed.has(field.kind as ScalarKind)) {
      if (values.length === 0) continue
      const inner = new BinaryWriter()
      for (const one of values) writeScalar(inner, field.kind as ScalarKind, one)
      append(number, [inner.finish()])
      continue
    }
    for (const one of values) {
      if (field.kind in messages) append(number, encodeMessage(field.kind as MessageName, one as Message))
      else if (field.kind === 'bytes' && (one as Uint8Array).length > copiedBytesMax)
        append(number, [one as Uint8Array])
      else writeScalar(writer.tag(number, wireTypes[field.kind as ScalarKind]), field.kind as ScalarKind, one)
    }
  }
  flush()
  return pieces
}

export function notAModel(reason: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError('onnx.not-a-model', `This is not an ONNX model: ${reason}`, {
    hint: 'Download or export the file again; large models keep weights in a second file that must lie beside it.',
    cause,
  })
}

/** Bytes up to this size are copied into the piece before them. */
const copiedBytesMax = 256

const packed = new Set<ScalarKind>(['int32', 'int64', 'uint64', 'float', 'double'])

const wireTypes: Record<ScalarKind, WireType> = {
  int32: WireType.Varint,
  int64: WireType.Varint,
  uint64: WireType.Varint,
  float: WireType.Bit32,
  double: WireType.Bit64,
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
}

/** Where reading is, and the name of what is read there. */
type Place = { reader: BinaryReader; path: string; depth: number }

function readRepeated({ reader, path, depth }: Place, field: Field, wireType: WireType, list: FieldValue[]): void {
  if (wireType !== WireType.LengthDelimited || !packed.has(field.kind as ScalarKind)) {
    list.push(readValue({ reader, depth, path: `${path}[${list.length}]` }, field.kind, wireType))
    return
  }
  const end = reader.uint32() + reader.pos
  while (reader.pos < end) list.push(readScalar(reader, field.kind as ScalarKind))
  if (reader.pos !== end) throw notAModel(`${path} breaks off at byte ${reader.len}`)
}

function readValue({ reader, path, depth }: Place, kind: Field['kind'], wireType: WireType): FieldValue {
  const isMessage = kind in messages
  const expected = isMessage ? WireType.LengthDelimited : wireTypes[kind as ScalarKind]
  if (wireType !== expected) throw notAModel(`${path} has wire type ${wireType}, not ${expected}`)
  return isMessage
    ? decodeMessage(kind as MessageName, reader.bytes(), path, depth + 1)
    : readScalar(reader, kind as ScalarKind)
}

function readScalar(reader: BinaryReader, kind: ScalarKind): FieldValue {
  if (kind === 'int64' || kind === 'uint64') return BigInt(reader[kind]())
  return reader[kind]()
}

function writeScalar(writer: BinaryWriter, kind: ScalarKind, value: FieldValue): void {
  ;(writer[kind] as (value: FieldValue) => unknown).call(writer, value)
}
