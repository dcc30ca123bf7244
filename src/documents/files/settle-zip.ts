/**
 * A ZIP archive with one date for all its entries, and some of them rewritten, so that the same content has the same bytes.
 * Format: APPNOTE.TXT 6.3, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { assert } from '../../base/index.ts'
import { crc32 } from './crc32.ts'

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50 }
const deflated = 8

type Entry = { path: string; method: number; crc: number; size: number; data: Buffer }

/** `rewrite` gives the new text of an entry, or undefined to leave its bytes. Throws nothing: the archive is our own. */
export function settleZip(
  archive: Buffer,
  { date, rewrite }: { date: string; rewrite: (path: string, text: () => string) => string | undefined },
): Buffer {
  const entries = readEntries(archive).map((entry): Entry => {
    const changed = rewrite(entry.path, () =>
      (entry.method === deflated ? inflateRawSync(entry.data) : entry.data).toString('utf8'),
    )
    if (changed === undefined) return entry
    const content = Buffer.from(changed)
    return { ...entry, method: deflated, crc: crc32(content), size: content.length, data: deflateRawSync(content) }
  })
  return writeEntries(entries, date)
}

function readEntries(archive: Buffer): Entry[] {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]))
  assert(end >= 0, 'internal: the archive has no end')
  const count = archive.readUInt16LE(end + 10)
  let at = archive.readUInt32LE(end + 16)
  return Array.from({ length: count }, () => {
    assert(archive.readUInt32LE(at) === signatures.central, 'internal: the central directory is broken')
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset))
    const start = archive.readUInt32LE(at + 42)
    const content = start + 30 + archive.readUInt16LE(start + 26) + archive.readUInt16LE(start + 28)
    const entry = {
      path: archive.toString('utf8', at + 46, at + 46 + (nameLength as number)),
      method: archive.readUInt16LE(at + 10),
      crc: archive.readUInt32LE(at + 16),
      size: archive.readUInt32LE(at + 24),
      data: archive.subarray(content, content + archive.readUInt32LE(at + 20)),
    }
    at += 46 + (nameLength as number) + (extraLength as number) + (commentLength as number)
    return entry
  })
}

function writeEntries(entries: readonly Entry[], date: string): Buffer {
  const [year = 1980, month = 1, day = 1] = date.split('-').map(Number)
  const dosDate = ((year - 1980) << 9) | (month << 5) | day
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { path, method, crc, size, data } of entries) {
    const name = Buffer.from(path)
    // Of both headers: version, flags (UTF-8 names), method, time, date, checksum, sizes, length of the name, no extra field.
    const shared = Buffer.alloc(26)
    shared.writeUInt16LE(20, 0)
    shared.writeUInt16LE(0x0800, 2)
    shared.writeUInt16LE(method, 4)
    shared.writeUInt16LE(dosDate, 8)
    shared.writeUInt32LE(crc, 10)
    shared.writeUInt32LE(data.length, 14)
    shared.writeUInt32LE(size, 18)
    shared.writeUInt16LE(name.length, 22)
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    parts.push(wordOf(signatures.local), shared, name, data)
    directory.push(wordOf(signatures.central), Buffer.from([20, 0]), shared, tail, name)
    offset += 4 + shared.length + name.length + data.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, central, wordOf(signatures.end), end])
}

function wordOf(value: number): Buffer {
  const word = Buffer.alloc(4)
  word.writeUInt32LE(value)
  return word
}
