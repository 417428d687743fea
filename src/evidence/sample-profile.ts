import type { SourcePlace } from './symbolize.js';

interface FunctionCounts {
  /** Times that the function was entered. */
  head: number;
  /** By line and discriminator. */
  readonly body: Map<string, number>;
  /** Inlined functions by line, discriminator and name of the callee. */
  readonly inlined: Map<string, FunctionCounts>;
}

/** Gathers counts of places and writes them in LLVM's text format for sample profiles. */
export class SampleProfile {
  private readonly functions = new Map<string, FunctionCounts>();

  /** @param places from the function to what was inlined into it. Of several counts of one place the largest is kept. */
  add(places: readonly SourcePlace[], count: number): void {
    let at: FunctionCounts | undefined;
    let call = '';
    let copies = 1;
    for (const place of places) {
      at =
        at === undefined
          ? enter(this.functions, place.function)
          : enter(at.inlined, `${call}: ${place.function}`);
      call = place.discriminator === 0 ? `${place.line}` : `${place.line}.${place.discriminator}`;
      copies *= place.copies;
    }
    at?.body.set(call, Math.max(at.body.get(call) ?? 0, Math.round(count * copies)));
  }

  addEntries(functionName: string, count: number): void {
    const counts = enter(this.functions, functionName);
    counts.head = Math.max(counts.head, Math.round(count));
  }

  toString(): string {
    return sorted(this.functions)
      .map(([name, counts]) => `${name}:${total(counts)}:${counts.head}\n${bodyText(counts, ' ')}`)
      .join('');
  }
}

function enter(functions: Map<string, FunctionCounts>, key: string): FunctionCounts {
  const known = functions.get(key);
  if (known !== undefined) return known;
  const made = { head: 0, body: new Map(), inlined: new Map() };
  functions.set(key, made);
  return made;
}

function total({ body, inlined }: FunctionCounts): number {
  const own = [...body.values()].reduce((sum, count) => sum + count, 0);
  return [...inlined.values()].reduce((sum, counts) => sum + total(counts), own);
}

function bodyText({ body, inlined }: FunctionCounts, indent: string): string {
  const own = sorted(body).map(([place, count]) => `${indent}${place}: ${count}\n`);
  const others = sorted(inlined).map(
    ([callee, counts]) => `${indent}${callee}:${total(counts)}\n${bodyText(counts, `${indent} `)}`,
  );
  return [...own, ...others].join('');
}

function sorted<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].sort(([one], [other]) => (one < other ? -1 : 1));
}
