import { formatTable } from '../base/index.ts'
import type { Block, PlanDocument } from './document.ts'

const lineWidth = 118

/** Lines for a terminal; charts are left out, because the tables beside them have their numbers. */
export function renderText({ title, subtitle, origin, sections }: PlanDocument): string[] {
  return [
    title,
    ...(subtitle === '' ? [] : wrap(subtitle)),
    ...sections.flatMap(({ title, blocks }) => ['', title.toUpperCase(), ...blocks.flatMap(renderBlock)]),
    '',
    ...wrap(origin),
  ]
}

function renderBlock(block: Block): string[] {
  switch (block.kind) {
    case 'text':
      return wrap(block.text)
    case 'list':
      return block.items.flatMap((item) => wrap(item, '- ', '  '))
    case 'table':
      return formatTable(block.columns, block.rows).map((line) => `  ${line}`)
    case 'chart':
      return []
  }
}

function wrap(words: string, first = '', next = first): string[] {
  const lines: string[] = []
  let line = first
  for (const word of words.split(' ')) {
    const prefix = lines.length === 0 ? first : next
    if (line.length > prefix.length && line.length + 1 + word.length > lineWidth) {
      lines.push(line)
      line = next + word
    } else line = line === prefix ? line + word : `${line} ${word}`
  }
  return [...lines, line]
}
