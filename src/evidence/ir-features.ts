/** What the control flow of a function in LLVM IR consists of. */
export interface IrFeatures {
  readonly instructions: number;
  readonly blocks: number;
  /** Distinct targets of back edges. */
  readonly loops: number;
  readonly calls: number;
  readonly conditionalBranches: number;
  readonly loads: number;
  readonly stores: number;
}

/** The text of one function's definition in textual IR, without metadata attachments; undefined when it has none. */
export function irOfFunction(ir: string, name: string): string | undefined {
  const quoted = /^[\w.$-]+$/.test(name) ? name : `"${name}"`;
  const header = ir.split(`@${quoted}(`);
  let before = header[0] ?? '';
  for (const part of header.slice(1)) {
    const lineStart = before.slice(before.lastIndexOf('\n') + 1);
    if (lineStart.startsWith('define ')) {
      const rest = `${lineStart}@${quoted}(${ir.slice(before.length + quoted.length + 2)}`;
      const end = rest.indexOf('\n}');
      return withoutMetadata(end === -1 ? rest : rest.slice(0, end + 2));
    }
    before += `@${quoted}(${part}`;
  }
  return undefined;
}

function withoutMetadata(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*(call void @llvm\.(dbg|lifetime)|#dbg_)|^\s*;/.test(line))
    .map((line) => line.replace(/(,? ![\w.]+ !\d+)+/g, '').replace(/\s+;.*$/, ''))
    .join('\n');
}

/** Counts blocks, loops, calls and branches of a function's text as `irOfFunction` gives it. */
export function irFeatures(text: string): IrFeatures {
  const successors = new Map<string, string[]>();
  let block = 'entry';
  let counts = { instructions: 0, calls: 0, conditionalBranches: 0, loads: 0, stores: 0 };
  successors.set(block, []);
  for (const line of text.split('\n').slice(1)) {
    const start = /^([\w.$-]+|"[^"]+"):/.exec(line)?.[1];
    if (start !== undefined) {
      // The first block may have a name of its own.
      if (counts.instructions === 0 && successors.size === 1) successors.clear();
      block = start;
      successors.set(block, []);
      continue;
    }
    if (!line.startsWith('  ')) continue;
    counts = counted(counts, line);
    const targets = [...line.matchAll(/label %([\w.$-]+|"[^"]+")/g)].map((match) => match[1] ?? '');
    if (targets.length > 0) successors.get(block)?.push(...targets);
  }
  return { ...counts, blocks: successors.size, loops: loopHeaders(successors) };
}

type Counts = Omit<IrFeatures, 'blocks' | 'loops'>;

function counted(counts: Counts, line: string): Counts {
  const code = line.replace(/^\s+(%[\w.$-]+|%"[^"]+") = /, '').trim();
  const isCall = /^(tail |musttail |notail )?call |^invoke /.test(code) && !code.includes('@llvm.');
  return {
    instructions: counts.instructions + (/^[a-z]/.test(code) ? 1 : 0),
    calls: counts.calls + (isCall ? 1 : 0),
    conditionalBranches: counts.conditionalBranches + (code.startsWith('br i1') ? 1 : 0),
    loads: counts.loads + (code.startsWith('load ') ? 1 : 0),
    stores: counts.stores + (code.startsWith('store ') ? 1 : 0),
  };
}

/** Blocks that a depth-first walk meets again while it is still below them. */
function loopHeaders(successors: ReadonlyMap<string, readonly string[]>): number {
  const [entry] = successors.keys();
  if (entry === undefined) return 0;
  const headers = new Set<string>();
  const done = new Set<string>();
  const open = new Set<string>([entry]);
  const stack = [{ block: entry, next: 0 }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const target = successors.get(top.block)?.[top.next++];
    if (target === undefined) {
      open.delete(top.block);
      done.add(top.block);
      stack.pop();
    } else if (open.has(target)) headers.add(target);
    else if (!done.has(target)) {
      open.add(target);
      stack.push({ block: target, next: 0 });
    }
  }
  return headers.size;
}
