const lexeme =
  /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\b(?:u8|[uUL])?R"([^()\\\s"]{0,16})\([\s\S]*?\)\1"|"(?:\\.|[^"\\\n])*"|\b\d(?:'?[\w.])*|'(?:\\.|[^'\\\n])*'|\s+/g;
const wordEnd = /[\w$]$/;
const wordStart = /^[\w$]/;

/**
 * C or C++ text without comments and white space, so that reformatting does not change its hash. Literals stay as they
 * are; what keeps tokens apart stays as one space; the ends of preprocessor lines stay as line feeds.
 */
export function normaliseSource(text: string): string {
  const source = text.replace(/\\\r?\n/g, '');
  const output: string[] = [];
  let last = '';
  let apart = false;
  let lineFeed = true;
  let inDirective = false;

  const emit = (piece: string): void => {
    if (piece === '') return;
    const startsDirective = lineFeed && piece.startsWith('#');
    if (last !== '' && lineFeed && (inDirective || startsDirective)) output.push('\n');
    else if (apart && wordEnd.test(last) && wordStart.test(piece)) output.push(' ');
    if (lineFeed) inDirective = startsDirective;
    output.push(piece);
    last = piece.slice(-1);
    apart = false;
    lineFeed = false;
  };

  let end = 0;
  for (const match of source.matchAll(lexeme)) {
    emit(source.slice(end, match.index));
    end = match.index + match[0].length;
    const blank = match[0].startsWith('//') || match[0].startsWith('/*') || match[0].trim() === '';
    if (!blank) {
      emit(match[0]);
      continue;
    }
    apart = true;
    if (!match[0].startsWith('/') && match[0].includes('\n')) lineFeed = true;
  }
  emit(source.slice(end));
  return output.join('');
}
