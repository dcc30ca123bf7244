import { drawChart } from './charts/draw-chart.ts'
import { toPng } from './charts/raster.ts'
import { toSvg } from './charts/to-svg.ts'
import type { Block, PlanDocument } from './document.ts'
import { settleZip } from './files/settle-zip.ts'

type Docx = typeof import('docx')

/** Sizes in half points, as Word counts them. */
const cellSize = 15
const chartWidth = 600

/** A Word file with its charts as SVG, beside PNG for older readers. The same document gives the same bytes. */
export async function renderDocx({ title, subtitle, date, origin, sections }: PlanDocument): Promise<Buffer> {
  // Loaded when a Word file is asked for: 23 MB that no other command needs.
  const docx = await import('docx')
  const { Document, HeadingLevel, Packer, Paragraph, TextRun } = docx
  const quiet = (text: string) => new Paragraph({ children: [new TextRun({ text, color: '6B7280' })] })
  const file = new Document({
    title,
    creator: 'capstan plan',
    styles: { default: { document: { run: { font: 'Helvetica', size: 20 } } } },
    sections: [
      {
        properties: { page: { margin: { top: 900, bottom: 900, left: 900, right: 900 } } },
        children: [
          new Paragraph({ text: title, heading: HeadingLevel.TITLE }),
          ...(subtitle === '' ? [] : [quiet(subtitle)]),
          ...sections.flatMap((section) => [
            new Paragraph({
              text: section.title,
              heading: HeadingLevel.HEADING_1,
              spacing: { before: 300, after: 120 },
            }),
            ...section.blocks.flatMap((block) => toParts(docx, block)),
          ]),
          quiet(origin),
        ],
      },
    ],
  })
  return settleZip(await Packer.toBuffer(file), { date, rewrite: (path, text) => settlePart(path, text, date) })
}

/** What the library counts through the life of the process, or takes from the clock. */
function settlePart(path: string, text: () => string, date: string): string | undefined {
  if (path === 'docProps/core.xml') return text().replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, `${date}T00:00:00.000Z`)
  if (path !== 'word/document.xml') return undefined
  let drawings = 0
  return text().replaceAll(/<wp:docPr id="\d+"/g, () => `<wp:docPr id="${++drawings}"`)
}

function toParts(docx: Docx, block: Block) {
  const { ImageRun, Paragraph, Table, WidthType } = docx
  switch (block.kind) {
    case 'text':
      return [new Paragraph({ text: block.text, spacing: { after: 120 } })]
    case 'list':
      return block.items.map((text) => new Paragraph({ text, bullet: { level: 0 } }))
    case 'table': {
      const { columns, rows } = block
      const titles = columns.map(({ title }) => title)
      const alignments = columns.map(({ align }) => align ?? 'left')
      return [
        new Table({
          width: { size: 100, type: WidthType.PERCENTAGE },
          rows: [titles, ...rows].map((cells, i) => toRow(docx, { cells, alignments, isHead: i === 0 })),
        }),
        new Paragraph({ text: '' }),
      ]
    }
    case 'chart': {
      const drawing = drawChart(block.chart)
      const transformation = { width: chartWidth, height: Math.round((chartWidth * drawing.height) / drawing.width) }
      const image = new ImageRun({
        type: 'svg',
        data: Buffer.from(toSvg(drawing)),
        transformation,
        fallback: { type: 'png', data: toPng(drawing) },
        altText: { name: drawing.title, title: drawing.title, description: drawing.title },
      })
      return [new Paragraph({ children: [image], keepLines: true })]
    }
  }
}

function toRow(
  { AlignmentType, Paragraph, TableCell, TableRow, TextRun }: Docx,
  { cells, alignments, isHead }: { cells: readonly string[]; alignments: readonly string[]; isHead: boolean },
) {
  return new TableRow({
    tableHeader: isHead,
    cantSplit: true,
    children: cells.map(
      (text, i) =>
        new TableCell({
          margins: { left: 60, right: 60 },
          children: [
            new Paragraph({
              alignment: alignments[i] === 'right' ? AlignmentType.RIGHT : AlignmentType.LEFT,
              children: [new TextRun({ text, bold: isHead, size: cellSize })],
            }),
          ],
        }),
    ),
  })
}
