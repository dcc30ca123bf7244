import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AutoTokenizer, env } from '@huggingface/transformers'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { openTokenizer } from './index.ts'

const models = join(import.meta.dirname, '../../models')
const miniLm = join(models, 'all-MiniLM-L6-v2')
const folder = mkdtempSync(join(tmpdir(), 'capstan-tokenizer-'))
afterAll(() => rmSync(folder, { recursive: true }))

const realTexts = [
  '',
  '   ',
  'I am still waiting on my card?',
  'Überweisung über 12,50 € nach Österreich: wo ist sie geblieben?',
  'Où est passée ma carte ? Ça fait déjà deux semaines…',
  '私のカードはいつ届きますか？',
  '我的银行卡还没有到,怎么办?',
  'Когда придёт моя карта?',
  'متى ستصل بطاقتي؟',
  'मेरा कार्ड कब आएगा?',
  'Where is my card 💳😡👩‍🚀🇩🇪?',
  'tabs\tand\nline ends\r\nand\u00a0fixed\u200bspaces',
  'a [SEP] in the text, [CLS] and [MASK] too',
  'https://example.com/a?b=c&d=%20 $1,000.00 e-mail@example.com',
  `one word of ${'x'.repeat(300)} letters`,
]

function makeTokenizerFile(vocabulary: string[]) {
  return {
    version: '1.0',
    added_tokens: vocabulary.flatMap((content, id) =>
      content.startsWith('[') ? [{ id, content, special: true }] : [],
    ),
    normalizer: { type: 'BertNormalizer', lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', cls: ['[CLS]', 2], sep: ['[SEP]', 3] },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
    },
  }
}

/** A model folder around a vocabulary of seven; `files` replace or, as undefined, leave out a file. */
function makeModel(name: string, files: Record<string, unknown> = {}): string {
  const path = join(folder, name)
  mkdirSync(path)
  const defaults = {
    'tokenizer.json': makeTokenizerFile(['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'b', '##b']),
    'tokenizer_config.json': { pad_token: '[PAD]', model_max_length: 12 },
    'config.json': { model_type: 'bert', max_position_embeddings: 16, pad_token_id: 0 },
  }
  for (const [file, content] of Object.entries({ ...defaults, ...files })) {
    if (content === undefined) continue
    writeFileSync(join(path, file), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return path
}

describe('a tokenizer', () => {
  it('gives the ids that transformers.js gives, in any script, without the padding the file asks for', async () => {
    env.allowRemoteModels = false
    env.localModelPath = models
    const reference = await AutoTokenizer.from_pretrained('all-MiniLM-L6-v2')
    const tokenizer = await openTokenizer(miniLm)
    const expectSame = (text: string) => {
      const expected = Array.from(reference(text).input_ids.data as BigInt64Array, Number)
      expect(tokenizer.encode(text)).toEqual({ ids: Int32Array.from(expected), truncated: false })
    }
    realTexts.forEach(expectSame)
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), expectSame), { numRuns: 200 })
    expect(tokenizer).toMatchObject({ padId: reference.pad_token_id, tokensMax: 512, vocabularySize: 30522 })

    const long = 'Where is my card? '.repeat(2000)
    const whole = Array.from(reference(long).input_ids.data as BigInt64Array, Number)
    const { ids, truncated } = tokenizer.encode(long)
    expect([...ids]).toEqual([...whole.slice(0, 511), ...whole.slice(-1)])
    expect(truncated).toBe(true)
  })

  it('cuts at the limit asked for and keeps the closing special token', async () => {
    const tokenizer = await openTokenizer(makeModel('cut'), { tokensMax: 5 })
    expect(tokenizer.encode('a ab')).toEqual({ ids: Int32Array.of(2, 4, 4, 6, 3), truncated: false })
    expect(tokenizer.encode('a ab b c')).toEqual({ ids: Int32Array.of(2, 4, 4, 6, 3), truncated: true })
    expect(tokenizer.encode('?')).toEqual({ ids: Int32Array.of(2, 1, 3), truncated: false })
    expect(tokenizer).toMatchObject({ padId: 0, tokensMax: 5, vocabularySize: 7 })
  })

  it('puts two texts together as transformers.js does, and cuts the longer of them', async () => {
    const reference = await AutoTokenizer.from_pretrained('all-MiniLM-L6-v2')
    const tokenizer = await openTokenizer(miniLm)
    const texts = realTexts.filter((text) => text !== '')
    for (const [i, text] of texts.entries()) {
      const textPair = texts.at(-1 - i) as string
      const expected = reference(text, { text_pair: textPair })
      const { ids, pairStart, truncated } = tokenizer.encode(text, textPair)
      expect([...ids]).toEqual(Array.from(expected.input_ids.data as BigInt64Array, Number))
      expect(pairStart).toBe(reference(text).input_ids.data.length)
      const types = Array.from(expected.token_type_ids?.data as BigInt64Array, Number)
      expect(types.indexOf(1)).toBe(pairStart)
      expect(truncated).toBe(false)
    }
    const short = await openTokenizer(makeModel('pairs'), { tokensMax: 8 })
    const encoded = (text: string, textPair: string) => {
      const { ids, pairStart, truncated } = short.encode(text, textPair)
      return [[...ids].join(' '), pairStart, truncated]
    }
    expect(encoded('a b', 'a')).toEqual(['2 4 5 3 4 3', 4, false])
    expect(encoded('a b a b a', 'b')).toEqual(['2 4 5 4 5 3 5 3', 6, true])
    expect(encoded('b', 'a b a b a')).toEqual(['2 5 3 4 5 4 5 3', 3, true])
    expect(encoded('a a a a a', 'b b b b b')).toEqual(['2 4 4 4 3 5 5 3', 5, true])
  })

  it('refuses a pair that has no room for a token of each text', async () => {
    const tokenizer = await openTokenizer(makeModel('no room'), { tokensMax: 4 })
    expect(() => tokenizer.encode('a', 'b')).toThrow(expect.objectContaining({ code: 'data.bad-tokens-max' }))
  })

  it('refuses pairs where the tokenizer has no template for them', async () => {
    const file = makeTokenizerFile(['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'b', '##b'])
    const single = [{ SpecialToken: { id: '[CLS]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }]
    const special_tokens = { '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] } }
    const post_processor = { type: 'TemplateProcessing', single, pair: [], special_tokens }
    const tokenizer = await openTokenizer(makeModel('single', { 'tokenizer.json': { ...file, post_processor } }))
    expect([...tokenizer.encode('a').ids]).toEqual([2, 4])
    expect(() => tokenizer.encode('a', 'b')).toThrow(expect.objectContaining({ code: 'data.no-pairs' }))
  })

  it('encodes word by word to the same ids, and says where each word stands', async () => {
    const tokenizer = await openTokenizer(miniLm)
    for (const text of [
      'Where is my card?',
      'Überweisung nach Österreich, 12.50!',
      '我的银行卡',
      'e-mail@example.com',
    ]) {
      const { ids, words } = tokenizer.encodeWords(text)
      expect(ids).toEqual(tokenizer.encode(text).ids)
      expect(words.map(({ start, end }) => text.slice(start, end)).join('')).toBe(text.replaceAll(' ', ''))
      for (const { start, end, token } of words) {
        expect(ids[token]).toBe(tokenizer.encode(text.slice(start, end)).ids[1])
      }
    }
    const cut = await openTokenizer(makeModel('words'), { tokensMax: 5 })
    expect(cut.encodeWords('ab ab b')).toEqual({
      ids: Int32Array.of(2, 4, 6, 4, 3),
      truncated: true,
      words: [
        { start: 0, end: 2, token: 1 },
        { start: 3, end: 5, token: 3 },
      ],
    })
  })

  it.each([
    ['the model_max_length of the tokenizer', {}, 12],
    ['its positions', { 'tokenizer_config.json': { pad_token: '[PAD]', model_max_length: 1e30 } }, 16],
    [
      'the positions behind the padding index',
      { 'config.json': { model_type: 'roberta', max_position_embeddings: 12, pad_token_id: 1 } },
      10,
    ],
    [
      '512 tokens where it states no limit',
      { 'tokenizer_config.json': { pad_token: '[PAD]' }, 'config.json': {} },
      512,
    ],
  ])('of a model is limited by %s', async (name, files, tokensMax) => {
    const path = makeModel(name, files)
    expect((await openTokenizer(path)).tokensMax).toBe(tokensMax)
    expect((await openTokenizer(path, { tokensMax: 1000 })).tokensMax).toBe(tokensMax)
  })

  it.each([2, 3.5, -1, Number.NaN])('refuses to cut texts at %d tokens', async (tokensMax) => {
    const path = makeModel(`limit ${tokensMax}`)
    await expect(openTokenizer(path, { tokensMax })).rejects.toMatchObject({ code: 'data.bad-tokens-max' })
  })

  it('finds the padding token as an object, as the end of text, or by its id', async () => {
    const padIdWith = async (name: string, tokenizerConfig: object) =>
      (await openTokenizer(makeModel(name, { 'tokenizer_config.json': tokenizerConfig }))).padId
    expect(await padIdWith('object', { pad_token: { __type: 'AddedToken', content: '[UNK]' } })).toBe(1)
    expect(await padIdWith('end', { eos_token: '[SEP]' })).toBe(3)
    expect(await padIdWith('id', {})).toBe(0)
  })
})

describe('opening a tokenizer', () => {
  it('names all files that are missing', async () => {
    const path = makeModel('missing', { 'tokenizer.json': undefined, 'config.json': undefined })
    await expect(openTokenizer(path)).rejects.toMatchObject({
      code: 'data.tokenizer-missing',
      message: `${path} has no tokenizer.json, config.json`,
    })
    await expect(openTokenizer(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'data.tokenizer-missing' })
  })

  it.each([
    ['no JSON', { 'config.json': '{"model_type": ' }, /config.json is not valid JSON: /],
    ['no object', { 'tokenizer_config.json': '[]' }, /tokenizer_config.json does not hold a JSON object/],
    ['an unknown model', { 'tokenizer.json': { model: { type: 'Abacus' }, added_tokens: [] } }, /describes none .*: /],
    ['no model', { 'tokenizer.json': {} }, /describes none/],
    ['no padding', { 'tokenizer_config.json': {}, 'config.json': {} }, /names a padding token/],
  ])('says what is wrong with files of %s', async (name, files, message) => {
    await expect(openTokenizer(makeModel(name, files))).rejects.toMatchObject({
      code: 'data.bad-tokenizer',
      message: expect.stringMatching(message),
    })
  })

  it('refuses a vocabulary that has no id for some tokens', async () => {
    const path = makeModel('lacking', { 'tokenizer.json': makeTokenizerFile(['[PAD]', 'a']) })
    await expect(openTokenizer(path)).rejects.toMatchObject({
      code: 'data.bad-tokenizer',
      message: expect.stringContaining('its vocabulary gives the ids'),
    })
  })
})
