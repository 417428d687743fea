import { createHash } from 'node:crypto';

/** Bytes that stay on a device by default: its temporary folder may lie in memory. */
const defaultLimit = 256 * 1024 ** 2;

/** Knows which files of variants are on a device, by their content; what was used last stands last. */
export class FileStore {
  private readonly sizes = new Map<string, number>();

  constructor(private readonly limit: number = defaultLimit) {}

  /** Hands back the file's name there, once `copy` has put it there if it was missing. */
  async keep(content: Buffer, copy: (name: string) => Promise<void>): Promise<string> {
    const name = createHash('sha256').update(content).digest('hex');
    if (!this.sizes.delete(name)) await copy(name);
    this.sizes.set(name, content.length);
    return name;
  }

  /** Forgets what exceeds the limit and is not needed now, and names it. */
  evict(needed: ReadonlySet<string>): string[] {
    let total = [...this.sizes.values()].reduce((sum, size) => sum + size, 0);
    const removed: string[] = [];
    for (const [name, size] of this.sizes) {
      if (total <= this.limit) break;
      if (needed.has(name)) continue;
      total -= size;
      this.sizes.delete(name);
      removed.push(name);
    }
    return removed;
  }

  clear(): void {
    this.sizes.clear();
  }
}
