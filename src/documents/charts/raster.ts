/**
 * The shapes of a drawing as a PNG, for readers of Word files that cannot show SVG: areas and lines, without the words. Paths
 * are straight-edged (`draw-chart.ts`), so that a scanline with four samples a pixel in each direction is all it takes.
 */
import { deflateSync } from 'node:zlib'
import { crc32 } from '../files/crc32.ts'
import type { Drawing, Mark } from './draw-chart.ts'

type Point = readonly [x: number, y: number]

const samples = 4

/** One pixel for each unit of the drawing, on white. */
export function toPng({ width, height, marks }: Drawing): Buffer {
  const [w, h] = [Math.ceil(width), Math.ceil(height)]
  const pixels = new Float64Array(3 * w * h).fill(255)
  for (const mark of marks) {
    if (mark.kind !== 'path') continue
    const points = readPath(mark.d)
    if (mark.fill) paint(pixels, { w, h, polygon: points, colour: mark.fill, opacity: mark.opacity ?? 1 })
    else for (const polygon of outline(points, mark.strokeWidth ?? 1)) paintStroke(pixels, { w, h, polygon, mark })
  }
  return encodePng(pixels, w, h)
}

function paintStroke(
  pixels: Float64Array,
  at: { w: number; h: number; polygon: Point[]; mark: Mark & { kind: 'path' } },
) {
  const { mark, ...rest } = at
  if (mark.stroke) paint(pixels, { ...rest, colour: mark.stroke, opacity: mark.opacity ?? 1 })
}

function readPath(d: string): Point[] {
  return [...d.matchAll(/[ML] ([-\d.]+) ([-\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)])
}

/** Each stretch of a line as a box of its width. */
function outline(points: readonly Point[], width: number): Point[][] {
  return points.slice(1).map(([x, y], i) => {
    const [fromX, fromY] = points[i] as Point
    const length = Math.hypot(x - fromX, y - fromY) || 1
    const [sideX, sideY] = [(-(y - fromY) / length) * (width / 2), ((x - fromX) / length) * (width / 2)]
    return [
      [fromX + sideX, fromY + sideY],
      [x + sideX, y + sideY],
      [x - sideX, y - sideY],
      [fromX - sideX, fromY - sideY],
    ]
  })
}

/** Fills by the even-odd rule, mixing by the share of a pixel that is covered. */
function paint(
  pixels: Float64Array,
  {
    w,
    h,
    polygon,
    colour,
    opacity,
  }: { w: number; h: number; polygon: readonly Point[]; colour: string; opacity: number },
): void {
  const ys = polygon.map(([, y]) => y)
  const rgb = [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16))
  const cover = new Float64Array(w)
  for (let row = Math.max(0, Math.floor(Math.min(...ys))); row < Math.min(h, Math.ceil(Math.max(...ys))); row++) {
    cover.fill(0)
    for (let k = 0; k < samples; k++) addSpans(cover, polygon, row + (k + 0.5) / samples)
    for (let x = 0; x < w; x++) {
      const share = (opacity * (cover[x] as number)) / samples
      if (share === 0) continue
      rgb.forEach((value, channel) => {
        const i = 3 * (row * w + x) + channel
        pixels[i] = (1 - share) * (pixels[i] as number) + share * value
      })
    }
  }
}

/** The share of each pixel along a horizontal line that is inside. */
function addSpans(cover: Float64Array, polygon: readonly Point[], y: number): void {
  const crossings = polygon
    .flatMap(([x1, y1], i) => {
      const [x2, y2] = polygon[(i + 1) % polygon.length] as Point
      return y1 > y !== y2 > y ? [x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)] : []
    })
    .sort((a, b) => a - b)
  for (let i = 0; i + 1 < crossings.length; i += 2) {
    const [from, to] = [Math.max(0, crossings[i] as number), Math.min(cover.length, crossings[i + 1] as number)]
    for (let x = Math.floor(from); x < to; x++)
      cover[x] = (cover[x] as number) + Math.max(0, Math.min(to, x + 1) - Math.max(from, x))
  }
}

function encodePng(pixels: Float64Array, w: number, h: number): Buffer {
  const rows = Buffer.alloc(h * (1 + 3 * w))
  for (let y = 0; y < h; y++)
    for (let i = 0; i < 3 * w; i++) rows[y * (1 + 3 * w) + 1 + i] = Math.round(pixels[3 * w * y + i] as number)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(w, 0)
  header.writeUInt32BE(h, 4)
  // 8 bits for each of red, green and blue.
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'ascii'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
