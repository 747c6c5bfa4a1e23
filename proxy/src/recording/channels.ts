import type { ConnectOptions } from '../request/connect-options.ts';
import type { Channel, Conversation, ConversationObserver } from './conversation.ts';
import { FrameError } from './frame-error.ts';
import { closeFrame, serverFrame, WebSocketReader, type MessageHandler, type Payload } from './websocket.ts';

/** How the first byte of a message names its channel, and what follows it (k8s.io/streaming, httpstream/wsstream). */
interface Codec {
  readonly encoding: 'binary' | 'base64';
  /** Whether `[255, channel]` closes a channel: in v5 alone. */
  readonly closes: boolean;
  /** Whether the error channel carries a `metav1.Status`; before v4 it is plain text. */
  readonly statuses: boolean;
}

/** The subprotocols with channels; '' is a client that offers none. */
const CODECS: ReadonlyMap<string, Codec> = new Map([
  ['v5.channel.k8s.io', { encoding: 'binary', closes: true, statuses: true }],
  ['v4.channel.k8s.io', { encoding: 'binary', closes: false, statuses: true }],
  ['v4.base64.channel.k8s.io', { encoding: 'base64', closes: false, statuses: true }],
  ['channel.k8s.io', { encoding: 'binary', closes: false, statuses: false }],
  ['base64.channel.k8s.io', { encoding: 'base64', closes: false, statuses: false }],
  ['', { encoding: 'binary', closes: false, statuses: false }],
]);

const CLOSE_CHANNEL = 255;
const ASCII_ZERO = 0x30;
const ERROR_CHANNEL = 3;
/** client-go takes any other code for the failure itself and does not look at the error channel. */
const NORMAL_CLOSURE = 1_000;
const POLICY_VIOLATION = 1_008;

/** A session whose messages name a channel each: exec, attach, and the port-forward of JavaScript and Python clients. */
export function newChannelConversation(
  subprotocol: string,
  options: ConnectOptions,
  observer?: ConversationObserver,
): Conversation {
  const codec = CODECS.get(subprotocol);
  if (codec === undefined) throw new TypeError('no subprotocol with channels');
  const channels = options.subresource === 'portforward' ? portChannels(options.ports) : commandChannels(options.stdin);
  const reader = (from: 'client' | 'server'): WebSocketReader =>
    new WebSocketReader({
      from,
      fragments: false,
      handler: new ChannelMessages({ from, codec, channels, observer }),
    });
  const message = (channel: number, text: string): Buffer =>
    codec.encoding === 'binary'
      ? serverFrame('binary', Buffer.concat([Buffer.of(channel), Buffer.from(text)]))
      : serverFrame(
          'text',
          Buffer.from(String.fromCharCode(ASCII_ZERO + channel) + Buffer.from(text).toString('base64')),
        );

  return {
    client: reader('client'),
    server: reader('server'),
    farewell(status) {
      if (options.subresource === 'portforward') {
        const errors = channels.flatMap(({ server }, at) =>
          server?.kind === 'error' ? [message(at, status.message)] : [],
        );
        return {
          words: Buffer.concat(errors),
          close: closeFrame(POLICY_VIOLATION, status.message),
          unhurried: false,
        };
      }
      const text = codec.statuses ? JSON.stringify(status) : status.message;
      return {
        words: message(ERROR_CHANNEL, text),
        close: closeFrame(NORMAL_CLOSURE, status.message),
        unhurried: false,
      };
    },
    close: () => undefined,
  };
}

/** Whether sessions of this subprotocol can be read. */
export const isChannelProtocol = (subprotocol: string): boolean => CODECS.has(subprotocol);

/** What a channel carries from either side; undefined where nothing may come. */
interface ChannelDirections {
  readonly client?: Channel;
  readonly server?: Channel;
}

/**
 * Standard input is there only where the call asks for it: what comes on it otherwise is dropped by the server. Sizes are
 * taken without a terminal too, as the JavaScript client sends them and the server reads them.
 */
function commandChannels(stdin: boolean): ChannelDirections[] {
  return [
    stdin ? { client: { from: 'client', kind: 'stdin' } } : {},
    { server: { from: 'server', kind: 'stdout' } },
    { server: { from: 'server', kind: 'stderr' } },
    { server: { from: 'server', kind: 'error' } },
    { client: { from: 'client', kind: 'resize' } },
  ];
}

/** Two for each port of the query: data, and what went wrong. */
const portChannels = (ports: readonly number[]): ChannelDirections[] =>
  ports.flatMap((port) => [
    { client: { from: 'client', kind: 'data', port }, server: { from: 'server', kind: 'data', port } },
    { server: { from: 'server', kind: 'error', port } },
  ]);

interface ChannelMessagesOptions {
  readonly from: 'client' | 'server';
  readonly codec: Codec;
  readonly channels: readonly ChannelDirections[];
  readonly observer: ConversationObserver | undefined;
}

/** Reads the messages of one direction. */
class ChannelMessages implements MessageHandler {
  readonly #options: ChannelMessagesOptions;
  readonly #closed = new Set<number>();
  #state: 'start' | 'data' | 'close' | 'closed' = 'start';
  #channel: Channel | undefined;
  #base64 = new Base64Text();

  constructor(options: ChannelMessagesOptions) {
    this.#options = options;
  }

  begin(kind: 'text' | 'binary'): void {
    const { codec, from } = this.#options;
    // The Python client sends strings as text on every protocol; the server takes their bytes as they are.
    const expected =
      codec.encoding === 'base64' ? kind === 'text' : kind === 'binary' || (from === 'client' && kind === 'text');
    if (!expected) throw new FrameError('OpcodeUnexpected');
    this.#state = 'start';
    this.#base64 = new Base64Text();
  }

  payload(piece: Payload): undefined {
    let from = 0;
    if (this.#state === 'start') {
      this.#open(piece.byteAt(0));
      from = 1;
    }
    if (this.#state === 'data') this.#data(piece, from);
    else if (piece.length > from) this.#close(piece.bytesFrom(from));
    return undefined;
  }

  end(): void {
    // An empty message is no message: servers skip it.
    if (this.#state === 'close') throw new FrameError('ChannelCloseInvalid');
    if (this.#state === 'data' && this.#options.codec.encoding === 'base64') this.#base64.end();
    this.#state = 'start';
  }

  #open(byte: number): void {
    const { codec, channels, from } = this.#options;
    if (codec.closes && byte === CLOSE_CHANNEL) {
      this.#state = 'close';
      return;
    }
    const number = codec.encoding === 'base64' ? byte - ASCII_ZERO : byte;
    this.#channel = channels[number]?.[from];
    if (this.#channel === undefined) throw new FrameError('ChannelUnknown');
    if (this.#closed.has(number)) throw new FrameError('AfterClose');
    this.#state = 'data';
  }

  #data(piece: Payload, from: number): void {
    const { codec, observer } = this.#options;
    // Any bytes are binary data: without an observer nobody looks at them.
    if (observer === undefined && codec.encoding === 'binary') return;
    const bytes = piece.bytesFrom(from);
    const clear = codec.encoding === 'base64' ? this.#base64.decode(bytes) : bytes;
    if (clear.length > 0 && this.#channel !== undefined) observer?.data(this.#channel, clear);
  }

  #close(rest: Buffer): void {
    const { channels, from, observer } = this.#options;
    const number = rest[0] ?? 0;
    const channel = channels[number];
    if (this.#state !== 'close' || rest.length !== 1 || channel === undefined)
      throw new FrameError('ChannelCloseInvalid');
    this.#state = 'closed';
    this.#closed.add(number);
    const directed = channel[from];
    if (directed !== undefined) observer?.closed(directed);
  }
}

/**
 * Base64 in pieces, as Go reads it (StdEncoding) but for the line breaks that it skips. Node's own decoder takes nearly
 * anything: what the server drops as broken would be on record as if it had arrived.
 */
class Base64Text {
  #rest = '';
  #padded = false;

  decode(bytes: Buffer): Buffer {
    const text = this.#rest + bytes.toString('latin1');
    const whole = text.slice(0, text.length - (text.length % 4));
    this.#rest = text.slice(whole.length);
    if (whole.length === 0) return EMPTY;
    if (this.#padded || !/^[A-Za-z0-9+/]*={0,2}$/.test(whole)) throw new FrameError('Base64Invalid');
    this.#padded = whole.endsWith('=');
    return Buffer.from(whole, 'base64');
  }

  end(): void {
    if (this.#rest !== '') throw new FrameError('Base64Invalid');
  }
}

const EMPTY = Buffer.alloc(0);
