/** One case of the bench, for one variant. */
export interface BenchCase {
  readonly run: () => unknown;
  /** The first call returned a promise. */
  readonly asynchronous: boolean;
}

/** Time of `calls` calls, one after the other, in nanoseconds. */
export async function timeSlice(item: BenchCase, calls: number): Promise<number> {
  const { run } = item;
  const start = process.hrtime.bigint();
  if (item.asynchronous) {
    for (let call = 0; call < calls; call++) await run();
  } else {
    // No await here: its microtask would weigh more than many a native call.
    for (let call = 0; call < calls; call++) run();
  }
  return Number(process.hrtime.bigint() - start);
}

/** Calls that fill a slice, at least one, and what they take in milliseconds. Also warms the case up. */
export async function calibrate(
  item: BenchCase,
  sliceMs: number,
): Promise<{ readonly calls: number; readonly ms: number }> {
  const wantedNs = sliceMs * 1e6;
  let calls = 1;
  for (let attempt = 0; attempt < 12; attempt++) {
    // The faster of two: a single one may have been interrupted, and slices would come out far too short.
    const first = await timeSlice(item, calls);
    const ns = Math.min(first, await timeSlice(item, calls));
    const fitting = Math.max(1, Math.ceil((calls * wantedNs) / Math.max(ns, 1)));
    if (ns >= wantedNs / 2) return { calls: fitting, ms: (ns / calls / 1e6) * fitting };
    // At most tenfold: the first calls are slow, and one bad guess must not cost seconds.
    calls = Math.min(fitting, calls * 10);
  }
  return { calls, ms: sliceMs };
}
