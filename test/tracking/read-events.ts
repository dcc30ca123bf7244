/** A reader of TensorBoard's event files that checks every checksum, by the format's description. */
import { readFileSync } from 'node:fs'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { crc32c } from '../../src/tracking/crc32c.ts'

export type ReadEvent = {
  seconds: number
  step: number
  version?: string
  session?: number
  scalars?: Record<string, number>
}

export function readEvents(source: string | Uint8Array): ReadEvent[] {
  const bytes = Buffer.from(typeof source === 'string' ? readFileSync(source) : source)
  const events: ReadEvent[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at))
    check(bytes.subarray(at, at + 8), bytes.readUInt32LE(at + 8))
    const data = bytes.subarray(at + 12, at + 12 + length)
    check(data, bytes.readUInt32LE(at + 12 + length))
    events.push(readEvent(data))
    at += length + 16
  }
  return events
}

function check(bytes: Uint8Array, masked: number): void {
  const rotated = (masked - 0xa282ead8) >>> 0
  if (((rotated >>> 17) | (rotated << 15)) >>> 0 !== crc32c(bytes)) throw new Error('the checksum is wrong')
}

function readEvent(data: Uint8Array): ReadEvent {
  const event: ReadEvent = { seconds: 0, step: 0 }
  readFields(data, (field, reader) => {
    if (field === 1) event.seconds = reader.double()
    else if (field === 2) event.step = Number(reader.int64())
    else if (field === 3) event.version = reader.string()
    else if (field === 5) event.scalars = readSummary(reader.bytes())
    else if (field === 7) readFields(reader.bytes(), (_, session) => (event.session = session.int32()))
    else throw new Error(`an event has no field ${field}`)
  })
  return event
}

function readSummary(data: Uint8Array): Record<string, number> {
  const values: [string, number][] = []
  readFields(data, (_, summary) => {
    const value: [string, number] = ['', 0]
    readFields(summary.bytes(), (field, reader) => {
      if (field === 1) value[0] = reader.string()
      else value[1] = reader.float()
    })
    values.push(value)
  })
  return Object.fromEntries(values)
}

function readFields(data: Uint8Array, read: (field: number, reader: BinaryReader) => unknown): void {
  const reader = new BinaryReader(data)
  while (reader.pos < reader.len) read(reader.tag()[0], reader)
}
