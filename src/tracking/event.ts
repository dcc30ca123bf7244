/**
 * TensorBoard's events in their file form: each an `Event` message in a TFRecord frame. Field numbers:
 * https://github.com/tensorflow/tensorflow/blob/v2.20.0/tensorflow/core/util/event.proto and framework/summary.proto;
 * frames: tensorflow/core/lib/io/record_writer.h of the same.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { crc32c } from './crc32c.ts'

export type Event = { time: Date } & (
  | { type: 'file-start' }
  /** What the run's earlier files have from `step` on is to be forgotten. */
  | { type: 'session-start'; step: number }
  | { type: 'scalars'; step: number; scalars: Readonly<Record<string, number>> }
)

/** The event's bytes as they stand in a file. */
export function encodeEvent(event: Event): Uint8Array {
  const data = encodeMessage(event)
  const frame = Buffer.alloc(data.length + 16)
  frame.writeBigUInt64LE(BigInt(data.length), 0)
  frame.writeUInt32LE(maskedCrc(frame.subarray(0, 8)), 8)
  frame.set(data, 12)
  frame.writeUInt32LE(maskedCrc(data), 12 + data.length)
  return frame
}

function encodeMessage(event: Event): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.Bit64).double(event.time.getTime() / 1000)
  if (event.type === 'file-start') return writer.tag(3, WireType.LengthDelimited).string('brain.Event:2').finish()
  writer.tag(2, WireType.Varint).int64(event.step)
  if (event.type === 'session-start') {
    const sessionStart = 1
    return writer.tag(7, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int32(sessionStart).join().finish()
  }
  writer.tag(5, WireType.LengthDelimited).fork()
  for (const [tag, value] of Object.entries(event.scalars)) {
    writer.tag(1, WireType.LengthDelimited).fork()
    writer.tag(1, WireType.LengthDelimited).string(tag).tag(2, WireType.Bit32).float(value)
    writer.join()
  }
  return writer.join().finish()
}

/** Rotated and shifted, because a checksum of data that holds checksums is a weak one. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}
