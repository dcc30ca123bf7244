/** README.md of a model version: what it is, what it learnt from, and how far it may be trusted. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export type ModelCard = {
  task: string
  kind: string
  description?: string | undefined
  labels: readonly string[]
  base: { name: string; sha256: string }
  run: string
  codeVersion: string
  date: Date
  dataset: { fingerprint: string; examples: number; sources: Readonly<Record<string, number>> }
  /** Lines of "what, value". */
  metrics: readonly (readonly [what: string, value: string])[]
  /** What the gate found, where there is one. */
  gate?: string | undefined
  settings: Readonly<Record<string, unknown>>
}

/** Writes the card into a model's folder, with the front matter by which other programs know it. */
export async function writeModelCard(folder: string, card: ModelCard): Promise<void> {
  await writeFile(join(folder, 'README.md'), printModelCard(card))
}

export function printModelCard({ task, kind, labels, base, dataset, metrics, gate, ...card }: ModelCard): string {
  const sources = Object.entries(dataset.sources).map(([source, count]) => `${count} ${source}`)
  const shown = labels.slice(0, 100).join(', ')
  return [
    '---',
    'library_name: transformers.js',
    `base_model: ${JSON.stringify(base.name)}`,
    `tags: [capstan, ${kind}]`,
    '---',
    `# ${task}`,
    '',
    card.description ?? `Answers the task ${task}: ${kind}.`,
    '',
    '## Made from',
    `- base model ${base.name}, SHA-256 \`${base.sha256}\``,
    `- ${dataset.examples} examples${sources.length > 0 ? ` (${sources.join(', ')})` : ''}, fingerprint \`${dataset.fingerprint}\``,
    `- run \`${card.run}\` of Capstan ${card.codeVersion}, ${card.date.toISOString().slice(0, 10)}`,
    '',
    '## Measured',
    ...metrics.map(([what, value]) => `- ${what}: ${value}`),
    ...(gate === undefined ? [] : ['', '## Gate', gate]),
    '',
    '## Answers',
    labels.length === 0
      ? 'No labels.'
      : `${labels.length} labels: ${shown}${labels.length > 100 ? ', …' : ''}. A text outside of them gets one of them all the same, unless the task refuses such texts.`,
    '',
    '## Settings',
    '```json',
    JSON.stringify(card.settings, null, 2),
    '```',
    '',
  ].join('\n')
}
