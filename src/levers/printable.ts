/** Untrusted data for a message: one line, at most 60 characters, nothing a terminal would act on. */
export function printable(value: unknown): string {
  const text =
    typeof value === 'object' && value !== null ? kind(value) : (JSON.stringify(value) ?? 'nothing');
  const plain = text.replace(/[^\x20-\x7e]/g, '?');
  return plain.length > 60 ? `${plain.slice(0, 57)}…` : plain;
}

function kind(value: object): string {
  return Array.isArray(value) ? 'a list' : 'an object';
}
