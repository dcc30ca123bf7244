import { sha256 } from '../base/index.ts'

/** A text with its label; `line` (1-based) says where in its file it began. */
export type Example = { text: string; label: string; line: number }

/**
 * SHA-256 (hex) of the texts and labels in their order, without the lines they stood on. Order counts because training
 * depends on it: the same fingerprint, base, settings and seed give the same weights.
 */
export function fingerprintExamples(examples: readonly Example[]): string {
  return sha256(examples.map(({ text, label }) => JSON.stringify([text, label])).join('\n'))
}

/** Examples of each label, in the order the labels first appear. */
export function countLabels(examples: readonly Example[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { label } of examples) counts.set(label, (counts.get(label) ?? 0) + 1)
  return counts
}
