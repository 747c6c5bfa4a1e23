import { createInterface } from 'node:readline';

/** The first line that matches; fails when the stream ends without one. */
export async function waitForLine(stream: NodeJS.ReadableStream | null, pattern: RegExp): Promise<RegExpMatchArray> {
  const seen: string[] = [];
  if (stream !== null) {
    for await (const line of createInterface({ input: stream })) {
      const match = line.match(pattern);
      if (match !== null) return match;
      seen.push(line);
    }
  }
  throw new Error(`no line matches ${pattern}: ${seen.join('\n')}`);
}
