import { DESCRIPTORS } from './generated/descriptors.ts';
import { Message } from './message.ts';

let lines: readonly string[] | undefined;
let kinds: ReadonlyMap<string, ReadonlyMap<string, number>> | undefined;
const messages = new Map<number, Message>();

/**
 * The message of a kind, or undefined where the API has none: custom resources, Table, what is newer than the
 * descriptors. Options and watch events are of every version, also of those of custom resources.
 */
export function messageOf(apiVersion: string, kind: string): Message | undefined {
  kinds ??= readKinds();
  const number = kinds.get(apiVersion)?.get(kind) ?? kinds.get('*')?.get(kind);
  return number === undefined ? undefined : messageNumber(number);
}

function messageNumber(number: number): Message {
  let message = messages.get(number);
  if (message === undefined) {
    const line = allLines()[number] ?? '';
    const space = line.indexOf(' ');
    message = new Message(space < 0 ? line : line.slice(0, space), space < 0 ? '' : line.slice(space), messageNumber);
    messages.set(number, message);
  }
  return message;
}

/** Every kind that there is a message for. For tests. */
export function describedKinds(): readonly { readonly apiVersion: string; readonly kind: string }[] {
  kinds ??= readKinds();
  return [...kinds].flatMap(([apiVersion, named]) => [...named.keys()].map((kind) => ({ apiVersion, kind })));
}

function readKinds(): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const all = allLines();
  return new Map(
    all.slice(all.indexOf('') + 1).map((line) => {
      const [apiVersion = '', ...words] = line.split(' ');
      return [
        apiVersion,
        new Map(
          words.map((word): [string, number] => [
            word.slice(0, word.indexOf('=')),
            Number(word.slice(word.indexOf('=') + 1)),
          ]),
        ),
      ];
    }),
  );
}

function allLines(): readonly string[] {
  lines ??= DESCRIPTORS.trim().split('\n');
  return lines;
}
