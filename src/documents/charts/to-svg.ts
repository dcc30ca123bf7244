import type { Drawing, Mark } from './draw-chart.ts'

/** A drawing as an SVG element that stands alone. */
export function toSvg({ width, height, title, marks }: Drawing): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Helvetica, Arial, sans-serif" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    ...marks.map(toElement),
    '</svg>',
  ].join('\n')
}

function toElement(mark: Mark): string {
  if (mark.kind === 'words') {
    const { x, y, words, size, anchor, fill } = mark
    return `<text x="${x}" y="${y}" font-size="${size}" text-anchor="${anchor}" fill="${fill}">${escapeXml(words)}</text>`
  }
  const { d, fill = 'none', stroke, strokeWidth = 1, opacity } = mark
  const outline = stroke ? ` stroke="${stroke}" stroke-width="${strokeWidth}"` : ''
  return `<path d="${d}" fill="${fill}"${outline}${opacity === undefined ? '' : ` opacity="${opacity}"`}/>`
}

export function escapeXml(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
