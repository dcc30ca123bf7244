/** From a text, a pair or the words of a text to the ids of a model: bare ids with the special tokens around them. */
import { InvalidInputError } from '../base/index.ts'

/** Token ids with the special tokens around them; `truncated` says that the text had more. */
export type Encoding = {
  ids: Int32Array
  truncated: boolean
  /** Index of the second text's first token, where there is a second text: token types are 1 from there on. */
  pairStart?: number
}

/** A run of letters and digits, one ideograph, or one other character: offsets in UTF-16 code units, and its first token. */
export type Word = { start: number; end: number; token: number }

/** The encoding of a text word by word; words that lie behind the cut, or have no token at all, are not listed. */
export type WordEncoding = Encoding & { words: readonly Word[] }

export type TokenEncoder = {
  /** At most `tokensMax` ids and no padding. What is cut off keeps its special tokens; of a pair the longer text is cut. */
  encode(text: string, textPair?: string): Encoding
  /** The same for each word on its own, so that tokens can be told by their place in the text. */
  encodeWords(text: string): WordEncoding
}

/** Ids of a text without special tokens, and of one text or a pair with them. */
export type TokenSource = { bare(text: string): number[]; whole(text: string, textPair?: string): number[] }

const wordPattern = /\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{M}\p{N}])+|\S/gu

/** Encoders that cut at `tokensMax`; `before` and `after` count the special tokens around a single text. */
export function createTokenEncoder(
  { bare, whole }: TokenSource,
  { before, after, tokensMax }: { before: number; after: number; tokensMax: number },
): TokenEncoder {
  const [opening, closing] = splitSpecials(whole('a'), before, after)
  let between: number[] | undefined
  const encodePair = (text: string, textPair: string): Encoding => {
    between ??= findBetween(whole('a', 'a'), bare('a'), opening, closing)
    const [first, second] = [bare(text), bare(textPair)]
    const specials = opening.length + between.length + closing.length
    const room = tokensMax - specials
    if (room < 2) throw pairsNeedMore(tokensMax, specials)
    const kept = Math.min(first.length, Math.max(room - second.length, Math.ceil(room / 2)))
    const head = [...opening, ...first.slice(0, kept), ...between]
    return {
      ids: Int32Array.from([...head, ...second.slice(0, room - kept), ...closing]),
      truncated: first.length + second.length > room,
      pairStart: head.length,
    }
  }
  return {
    encode(text, textPair) {
      if (textPair !== undefined) return encodePair(text, textPair)
      const ids = whole(text)
      if (ids.length <= tokensMax) return { ids: Int32Array.from(ids), truncated: false }
      return { ids: Int32Array.from([...ids.slice(0, tokensMax - closing.length), ...closing]), truncated: true }
    },
    encodeWords(text) {
      const ids = [...opening]
      const words: Word[] = []
      for (const { 0: word, index: start } of text.matchAll(wordPattern)) {
        // Where white space stands before a word, some vocabularies have another token for it.
        const tokens = bare(/\s/.test(text[start - 1] ?? '') ? ` ${word}` : word)
        if (tokens.length > 0) words.push({ start, end: start + word.length, token: ids.length })
        ids.push(...tokens)
      }
      const end = Math.min(ids.length, tokensMax - closing.length)
      return {
        ids: Int32Array.from([...ids.slice(0, end), ...closing]),
        truncated: end < ids.length,
        words: words.filter(({ token }) => token < end),
      }
    },
  }
}

function splitSpecials(ids: readonly number[], before: number, after: number): [number[], number[]] {
  return [ids.slice(0, before), ids.slice(ids.length - after)]
}

function pairsNeedMore(tokensMax: number, specials: number): InvalidInputError {
  return new InvalidInputError('data.bad-tokens-max', `pairs of at most ${tokensMax} tokens cannot be encoded`, {
    hint: `give at least ${specials + 2}: a token of each text and the ${specials} special ones`,
    details: { tokensMax, specials },
  })
}

/** The special tokens between the texts of a pair, from the encoding of a pair of equal texts. */
function findBetween(
  pair: readonly number[],
  bare: readonly number[],
  opening: readonly number[],
  closing: readonly number[],
): number[] {
  const expected = opening.length + 2 * bare.length + closing.length
  const between = pair.slice(opening.length + bare.length, pair.length - closing.length - bare.length)
  const rebuilt = [...opening, ...bare, ...between, ...bare, ...closing]
  if (pair.length >= expected && rebuilt.every((id, i) => id === pair[i])) return between
  throw new InvalidInputError(
    'data.no-pairs',
    'The tokenizer of this model does not say how two texts stand together',
    {
      hint: 'train on a base whose tokenizer.json has a template for pairs, or put both texts into one column',
      details: { pair, bare },
    },
  )
}
