import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import { type CapstanError, InvalidInputError, NotFoundError } from '../base/index.ts'
import { createTokenEncoder, type TokenEncoder, type TokenSource } from './encode-text.ts'

/** Turns texts into the ids a model was trained with. */
export type Tokenizer = TokenEncoder & {
  padId: number
  /** Special tokens included. */
  tokensMax: number
  /** The largest id + 1. */
  vocabularySize: number
}

/** What is used of the library; its own declarations do not resolve under `nodenext` (imports without extension). */
type TokenizerModel = {
  encode(text: string, options?: { add_special_tokens?: boolean; text_pair?: string | null }): { ids: number[] }
  token_to_id(token: string): number | undefined
  get_vocab(): Map<string, number>
}

type Json = Record<string, unknown>

const fileNames = ['tokenizer.json', 'tokenizer_config.json', 'config.json'] as const
/** For a model that states no limit at all. */
const tokensMaxUnstated = 512
/** Families whose positions begin after the padding index, so that this many of their position embeddings serve no token. */
const positionsFromPadding = new Set([
  'camembert',
  'data2vec-text',
  'longformer',
  'mpnet',
  'roberta',
  'roberta-prelayernorm',
  'xlm-roberta',
  'xlm-roberta-xl',
  'xmod',
])

/**
 * Opens the tokenizer of a model folder in transformers.js layout. It gives the ids that transformers.js gives, but the
 * padding and truncation that `tokenizer.json` asks for are left aside: texts are cut at the least of `tokensMax`, the
 * tokenizer's `model_max_length` and what the model has positions for. Throws `data.tokenizer-missing`,
 * `data.bad-tokenizer` and `data.bad-tokens-max`.
 */
export async function openTokenizer(folder: string, options: { tokensMax?: number } = {}): Promise<Tokenizer> {
  const [tokenizerFile, tokenizerConfig, modelConfig] = await readModelFiles(folder)
  const model = createModel(folder, tokenizerFile, tokenizerConfig)
  const specials = countSpecials(folder, model)
  const tokensMax = limitTokens(options.tokensMax, tokenizerConfig, modelConfig)
  if (!Number.isSafeInteger(tokensMax) || tokensMax <= specials.before + specials.after) {
    const needed = specials.before + specials.after
    throw new InvalidInputError('data.bad-tokens-max', `texts of at most ${tokensMax} tokens cannot be encoded`, {
      hint: `give a whole number above ${needed}, the special tokens around every text of ${folder}`,
      details: { folder, tokensMax, specials },
    })
  }
  const source: TokenSource = {
    bare: (text) => model.encode(text, { add_special_tokens: false }).ids,
    whole: (text, textPair) => model.encode(text, { text_pair: textPair ?? null }).ids,
  }
  const padId = findPadId(folder, model, tokenizerConfig, modelConfig)
  const vocabularySize = [...model.get_vocab().values()].reduce((largest, id) => Math.max(largest, id), -1) + 1
  return { ...createTokenEncoder(source, { ...specials, tokensMax }), padId, tokensMax, vocabularySize }
}

async function readModelFiles(folder: string): Promise<[Json, Json, Json]> {
  const contents = await Promise.all(fileNames.map((name) => readFile(join(folder, name), 'utf8').catch(asError)))
  const missing = fileNames.filter((_, i) => isMissing(contents[i]))
  if (missing.length > 0) {
    throw new NotFoundError('data.tokenizer-missing', `${folder} has no ${missing.join(', ')}`, {
      hint: 'name a model folder in transformers.js layout',
      details: { folder, missing },
    })
  }
  const parsed = fileNames.map((name, i) => {
    const content = contents[i]
    if (typeof content !== 'string') throw badTokenizer(folder, `${name} cannot be read`, content)
    return parseJson(folder, name, content)
  })
  return parsed as [Json, Json, Json]
}

function asError(error: Error): Error {
  return error
}

function isMissing(content: unknown): boolean {
  return content instanceof Error && 'code' in content && (content.code === 'ENOENT' || content.code === 'ENOTDIR')
}

function parseJson(folder: string, name: string, content: string): Json {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch (error) {
    throw badTokenizer(folder, `${name} is not valid JSON`, error)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw badTokenizer(folder, `${name} does not hold a JSON object`)
}

function badTokenizer(folder: string, reason: string, cause?: unknown): CapstanError {
  const why = cause instanceof Error ? `: ${cause.message}` : ''
  return new InvalidInputError('data.bad-tokenizer', `the tokenizer of ${folder} cannot be used: ${reason}${why}`, {
    hint: 'fetch or export the model folder again',
    details: { folder },
    cause,
  })
}

/** The library's own errors (an unknown kind of model, a broken vocabulary) come out as `data.bad-tokenizer`. */
function createModel(folder: string, tokenizerFile: Json, tokenizerConfig: Json): TokenizerModel {
  try {
    return new HuggingFaceTokenizer(tokenizerFile, tokenizerConfig)
  } catch (error) {
    throw badTokenizer(folder, 'tokenizer.json describes none that is known', error)
  }
}

/** How many special tokens stand before and after every text, found by encoding one with and without them. */
function countSpecials(folder: string, model: TokenizerModel): { before: number; after: number } {
  const { ids } = model.encode('a')
  const bare = model.encode('a', { add_special_tokens: false }).ids
  const before = ids.findIndex((_, start) => bare.every((id, i) => ids[start + i] === id))
  if (bare.length > 0 && before >= 0 && ids.every((id) => Number.isSafeInteger(id))) {
    return { before, after: ids.length - bare.length - before }
  }
  throw badTokenizer(folder, `its vocabulary gives the ids [${ids}] for the text "a"`)
}

function limitTokens(asked: number | undefined, tokenizerConfig: Json, modelConfig: Json): number {
  const { max_position_embeddings: positions, model_type: family, pad_token_id: padId } = modelConfig
  const unused = positionsFromPadding.has(String(family)) ? (typeof padId === 'number' ? padId : 1) + 1 : 0
  const stated = [
    tokenizerConfig.model_max_length,
    typeof positions === 'number' && positions > 0 ? positions - unused : undefined,
  ].filter((limit) => typeof limit === 'number' && limit > 0 && limit < 1e9) as number[]
  const limit = stated.length > 0 ? Math.min(...stated) : tokensMaxUnstated
  return asked === undefined ? limit : Math.min(asked, limit)
}

function findPadId(folder: string, model: TokenizerModel, tokenizerConfig: Json, modelConfig: Json): number {
  for (const name of ['pad_token', 'eos_token']) {
    const token = tokenizerConfig[name]
    const content = typeof token === 'object' && token !== null ? (token as Json).content : token
    const id = typeof content === 'string' ? model.token_to_id(content) : undefined
    if (id !== undefined) return id
  }
  if (Number.isSafeInteger(modelConfig.pad_token_id)) return modelConfig.pad_token_id as number
  throw badTokenizer(folder, 'neither tokenizer_config.json nor config.json names a padding token')
}
