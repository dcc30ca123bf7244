import { writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { InvalidInputError } from '../base/index.ts'
import type { PlanDocument } from './document.ts'
import { renderDocx } from './render-docx.ts'
import { renderHtml } from './render-html.ts'
import { renderPdf } from './render-pdf.ts'

type Content = { document: PlanDocument; data: unknown }

/** By the ending of the file's name. */
const renderers: Readonly<Record<string, (content: Content) => Promise<string | Buffer>>> = {
  '.pdf': ({ document }) => renderPdf(document),
  '.docx': ({ document }) => renderDocx(document),
  '.html': async ({ document }) => renderHtml(document),
  '.json': async ({ data }) => `${JSON.stringify(data, digits, 2)}\n`,
}

/**
 * Writes a document in the format of the file's name; .json has the data that it was made of. Throws InvalidInputError
 * `documents.unknown-format`, `documents.cannot-write`.
 */
export async function writeDocument(path: string, content: Content): Promise<void> {
  const render = renderers[extname(path).toLowerCase()]
  if (!render) {
    throw new InvalidInputError('documents.unknown-format', `${path} is in no format that can be written.`, {
      hint: `Let the name end with ${Object.keys(renderers).join(', ')}.`,
    })
  }
  const bytes = await render(content)
  try {
    await writeFile(path, bytes)
  } catch (cause) {
    throw new InvalidInputError('documents.cannot-write', `${path} cannot be written: ${String(cause)}`, {
      hint: 'Give a file in a folder that exists and may be written to.',
      cause,
    })
  }
}

/** Amounts that are bigint, as digits. */
function digits(_key: string, field: unknown): unknown {
  return typeof field === 'bigint' ? field.toString() : field
}
