/** Letters that the standard fonts of PDF have beyond Latin-1 (Windows-1252). */
const known = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ'
const replaced: Readonly<Record<string, string>> = {
  '→': '->',
  '≤': '<=',
  '≥': '>=',
  '−': '-',
  λ: 'lambda',
  ł: 'l',
  Ł: 'L',
}

/** Text as the fonts that every PDF reader has can write it: accents they lack are dropped, other scripts become question marks. */
export function toWinAnsi(text: string): string {
  return [...text.normalize('NFC')]
    .map((letter) => {
      if (letter <= '\u00ff' || known.includes(letter)) return letter
      const plain = letter.normalize('NFKD').replaceAll(/\p{M}/gu, '')
      return replaced[letter] ?? (plain !== '' && plain <= '\u00ff' ? plain : '?')
    })
    .join('')
}
