import { readFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }

/** Capstan's own version, part of every model's lineage. */
export const codeVersion = manifest.version
