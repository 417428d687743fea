/** A remark as LLVM's YAML gives it. */
export interface RawRemark {
  readonly kind: string;
  readonly pass: string;
  readonly name: string;
  readonly function: string;
  readonly location?: { readonly file: string; readonly line: number; readonly column: number };
  /** Named values in order of first mention, and `Message`, the text of all of them. */
  readonly args: Readonly<Record<string, string>>;
}

export interface RemarkParserOptions {
  /** Remarks of other functions are skipped before their arguments are read. */
  readonly wanted: (pass: string, name: string, functionName: string) => boolean;
  readonly emit: (remark: RawRemark) => void;
}

/** Takes text in any pieces; remembers one document at a time. */
export interface RemarkParser {
  push(text: string): void;
  /** Reports what was skipped as malformed. */
  end(): { readonly documents: number; readonly malformed: number };
}

const longestDocument = 4000;
const longestLine = 16_384;
const longestMessage = 240;
const longestValue = 400;
const mostArgs = 48;

/**
 * A streaming parser for the part of YAML that LLVM writes with `-fsave-optimization-record`: tagged documents with
 * scalar fields, one flow mapping (`DebugLoc`) that may wrap, and a list of one-key mappings. Documents that look
 * otherwise are skipped, so that a truncated or damaged record loses no more than those.
 */
export function createRemarkParser(options: RemarkParserOptions): RemarkParser {
  let rest = '';
  let document: string[] | undefined;
  let overlong = false;
  let documents = 0;
  let malformed = 0;

  const finish = (): void => {
    if (document === undefined) return;
    documents++;
    const outcome = overlong ? 'malformed' : parseDocument(document, options.wanted);
    if (outcome === 'malformed') malformed++;
    else if (outcome !== 'unwanted') options.emit(outcome);
    document = undefined;
  };
  const line = (text: string): void => {
    if (text.startsWith('--- ')) {
      if (document !== undefined) {
        documents++;
        malformed++;
      }
      document = [text];
      overlong = false;
    } else if (text === '...') finish();
    else if (document !== undefined) {
      if (document.length >= longestDocument || text.length > longestLine) overlong = true;
      else document.push(text);
    }
  };
  return {
    push(text) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > longestLine * 4) rest = rest.slice(0, longestLine * 2);
      for (const entry of lines) line(entry.endsWith('\r') ? entry.slice(0, -1) : entry);
    },
    end() {
      if (rest !== '') line(rest);
      rest = '';
      if (document !== undefined) {
        documents++;
        malformed++;
        document = undefined;
      }
      return { documents, malformed };
    },
  };
}

function parseDocument(
  lines: readonly string[],
  wanted: RemarkParserOptions['wanted'],
): RawRemark | 'malformed' | 'unwanted' {
  const kind = /^--- !(\w+)$/.exec(lines[0] ?? '')?.[1];
  if (kind === undefined) return 'malformed';
  let pass: string | undefined;
  let name: string | undefined;
  let functionName: string | undefined;
  let location: RawRemark['location'];
  let index = 1;
  for (; index < lines.length; index++) {
    const field = /^(\w+):\s*(.*)$/.exec(lines[index] ?? '');
    if (field === null) return 'malformed';
    let value = field[2] ?? '';
    if (field[1] === 'Args') break;
    while (value.startsWith('{') && !value.endsWith('}') && index + 1 < lines.length) {
      value += ` ${lines[++index]?.trim()}`;
    }
    if (field[1] === 'Pass') pass = scalar(value);
    else if (field[1] === 'Name') name = scalar(value);
    else if (field[1] === 'Function') functionName = scalar(value);
    else if (field[1] === 'DebugLoc') location = parseLocation(value);
  }
  if (pass === undefined || name === undefined || functionName === undefined) return 'malformed';
  if (!wanted(pass, name, functionName)) return 'unwanted';
  const args = parseArgs(lines.slice(index + 1));
  return { kind, pass, name, function: functionName, ...(location === undefined ? {} : { location }), args };
}

function parseLocation(text: string): RawRemark['location'] {
  const match =
    /^\{\s*File:\s*('(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|[^,]*),\s*Line:\s*(\d+),\s*Column:\s*(\d+)\s*\}$/.exec(
      text,
    );
  if (match === null) return undefined;
  return { file: scalar(match[1] ?? ''), line: Number(match[2]), column: Number(match[3]) };
}

function parseArgs(lines: readonly string[]): Readonly<Record<string, string>> {
  // A null prototype: names come from the compiled program, so `__proto__` is an ordinary key.
  const args = Object.create(null) as Record<string, string>;
  let message = '';
  let kept = 0;
  for (let index = 0; index < lines.length; index++) {
    const entry = /^ {2}- ([\w.]+):\s*(.*)$/.exec(lines[index] ?? '');
    if (entry === null) continue;
    const key = entry[1] ?? '';
    let value = entry[2] ?? '';
    if (/^\|[+-]?\d*$/.test(value)) {
      const block: string[] = [];
      while (/^( {4,}|$)/.test(lines[index + 1] ?? 'x')) block.push((lines[++index] ?? '').trim());
      value = block.join(' ');
    } else value = scalar(value);
    if (message.length < longestMessage) message += value;
    if (key === 'String' || key === 'Message' || key in args || kept >= mostArgs) continue;
    args[key] = value.slice(0, longestValue);
    kept++;
  }
  args.Message = message.replace(/\s+/g, ' ').trim().slice(0, longestMessage);
  return args;
}

/** A plain, single-quoted or double-quoted YAML scalar. */
function scalar(text: string): string {
  const trimmed = text.trim();
  if (trimmed.length >= 2 && trimmed.startsWith("'") && trimmed.endsWith("'"))
    return trimmed.slice(1, -1).replaceAll("''", "'");
  if (trimmed.length >= 2 && trimmed.startsWith('"') && trimmed.endsWith('"')) {
    return trimmed
      .slice(1, -1)
      .replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/g, (_, code: string) => escaped(code));
  }
  return trimmed;
}

function escaped(code: string): string {
  if (/^[xu]./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  return { n: '\n', t: '\t', r: '\r', '0': '\0' }[code] ?? code;
}
