import type { ConnectOptions } from '../request/connect-options.ts';
import type { Status } from '../status.ts';
import type { Channel, Conversation, ConversationObserver, Farewell } from './conversation.ts';
import { FrameError } from './frame-error.ts';
import { goAwayFrame, lastDataFrame, SpdyFrameReader, type SpdyFrameHandler } from './spdy-frames.ts';

/** At a time; a port-forward opens two for each connection. */
const MAX_STREAMS = 4_096;
const MAX_REQUEST_ID = 128;

type StreamKind = Channel['kind'];

interface Stream {
  readonly kind: StreamKind;
  readonly port: number | undefined;
  readonly connection: string | undefined;
  replied: boolean;
  readonly finished: { client: boolean; server: boolean };
}

/** Which way data goes; on all others a side may only end its half. */
const DATA: Readonly<Record<StreamKind, { readonly client: boolean; readonly server: boolean }>> = {
  stdin: { client: true, server: false },
  resize: { client: true, server: false },
  stdout: { client: false, server: true },
  stderr: { client: false, server: true },
  error: { client: false, server: true },
  data: { client: true, server: true },
};

export interface SpdyOptions {
  /** What the call asks for. */
  readonly options: ConnectOptions;
  /** What was negotiated by `X-Stream-Protocol-Version`. */
  readonly version: string;
  readonly observer?: ConversationObserver | undefined;
}

/** A session whose streams are SPDY's. */
export function newSpdyConversation(options: SpdyOptions): Conversation {
  const streams = new Streams(options);
  const client = new SpdyFrameReader(new Direction('client', streams));
  const server = new SpdyFrameReader(new Direction('server', streams));
  return {
    client,
    server,
    farewell: (status) => streams.farewell(status),
    close() {
      client.close();
      server.close();
    },
  };
}

/** The streams of one connection, known to both directions. */
class Streams {
  readonly #options: SpdyOptions;
  readonly #open = new Map<number, Stream>();
  /** Of exec and attach, which have one stream of each kind. */
  readonly #kinds = new Set<StreamKind>();
  /** Of a port-forward, which has two for each connection. */
  readonly #connections = new Set<string>();
  #last = 0;

  constructor(options: SpdyOptions) {
    this.#options = options;
  }

  get observer(): ConversationObserver | undefined {
    return this.#options.observer;
  }

  add(id: number, headers: ReadonlyMap<string, string>): Stream {
    // The client's are odd and rise; the server resets any other, after which its data belongs to nobody.
    if (id % 2 === 0 || id <= this.#last) throw new FrameError('SpdyStreamInvalid');
    if (this.#open.size >= MAX_STREAMS) throw new FrameError('SpdyTooManyStreams');
    const { options } = this.#options;
    const stream = options.subresource === 'portforward' ? this.#forwardStream(headers) : this.#commandStream(headers);
    this.#last = id;
    this.#open.set(id, stream);
    return stream;
  }

  /** Undefined for one that is gone: what still comes on it is read by nobody. @throws FrameError */
  get(id: number): Stream | undefined {
    const stream = this.#open.get(id);
    if (stream === undefined && (id > this.#last || id % 2 === 0)) throw new FrameError('SpdyStreamUnknown');
    return stream;
  }

  remove(id: number, stream: Stream): void {
    this.#open.delete(id);
    this.#connections.delete(connectionKey(stream));
  }

  #commandStream(headers: ReadonlyMap<string, string>): Stream {
    const { options } = this.#options;
    const kind = headers.get('streamtype') ?? '';
    // The server takes the last of two of a kind while it still waits for others.
    if (options.subresource === 'portforward' || !isCommandKind(kind) || this.#kinds.has(kind))
      throw new FrameError('SpdyStreamInvalid');
    if ((kind === 'stdin' && !options.stdin) || (kind === 'resize' && !options.tty))
      throw new FrameError('SpdyStreamInvalid');
    this.#kinds.add(kind);
    return { kind, port: undefined, connection: undefined, replied: false, finished: { client: false, server: false } };
  }

  #forwardStream(headers: ReadonlyMap<string, string>): Stream {
    const kind = headers.get('streamtype');
    const port = headers.get('port') ?? '';
    const connection = headers.get('requestid') ?? '';
    if (
      (kind !== 'data' && kind !== 'error') ||
      !/^[1-9][0-9]{0,4}$/.test(port) ||
      Number(port) > 65_535 ||
      connection === '' ||
      connection.length > MAX_REQUEST_ID
    )
      throw new FrameError('SpdyStreamInvalid');
    const stream: Stream = {
      kind,
      port: Number(port),
      connection,
      replied: false,
      finished: { client: false, server: false },
    };
    if (this.#connections.has(connectionKey(stream))) throw new FrameError('SpdyStreamInvalid');
    this.#connections.add(connectionKey(stream));
    return stream;
  }

  /**
   * The output ends, then the error stream says why: client-go waits for the one before it reads the other. Streams that
   * the server has not taken yet, or has ended, can be told nothing.
   */
  farewell(status: Status): Farewell {
    const { options, version } = this.#options;
    const isForward = options.subresource === 'portforward';
    // Before v4 an error is plain text, and a port-forward's always is.
    const text = !isForward && /^v[45]\./.test(version) ? JSON.stringify(status) : status.message;
    const told = [...this.#open].filter(([, { replied, finished }]) => replied && !finished.server);
    const isError = ([, { kind }]: [number, Stream]): boolean => kind === 'error';
    return {
      words: Buffer.concat([
        ...told.filter((one) => !isError(one)).map(([id]) => lastDataFrame(id, Buffer.alloc(0))),
        ...told.filter(isError).map(([id]) => lastDataFrame(id, Buffer.from(text))),
      ]),
      close: goAwayFrame(this.#last),
      unhurried: isForward && told.length > 0,
    };
  }
}

const connectionKey = ({ kind, connection }: Pick<Stream, 'kind' | 'connection'>): string =>
  `${kind} ${connection ?? ''}`;

const COMMAND_KINDS = ['error', 'stdin', 'stdout', 'stderr', 'resize'] as const;
const isCommandKind = (kind: string): kind is (typeof COMMAND_KINDS)[number] =>
  COMMAND_KINDS.some((known) => known === kind);

/** Reads one direction against the streams that are open. */
class Direction implements SpdyFrameHandler {
  readonly #from: 'client' | 'server';
  readonly #streams: Streams;
  #gone = false;

  constructor(from: 'client' | 'server', streams: Streams) {
    this.#from = from;
    this.#streams = streams;
  }

  opened(id: number, headers: ReadonlyMap<string, string>, finished: boolean): void {
    if (this.#gone) return;
    if (this.#from === 'server') throw new FrameError('SpdyStreamInvalid');
    const stream = this.#streams.add(id, headers);
    if (finished) this.#finish(id, stream);
  }

  replied(id: number, finished: boolean): void {
    if (this.#gone) return;
    if (this.#from === 'client') throw new FrameError('SpdyFrameInvalid');
    const stream = this.#streams.get(id);
    if (stream !== undefined) stream.replied = true;
    if (finished) this.finished(id);
  }

  headers(id: number, finished: boolean): void {
    if (this.#gone) return;
    this.#streams.get(id);
    if (finished) this.finished(id);
  }

  data(id: number, bytes: Buffer): void {
    if (this.#gone) return;
    const stream = this.#streams.get(id);
    // client-go may write once more after it has ended a stream; the server does not read that.
    if (stream === undefined || stream.finished[this.#from] || bytes.length === 0) return;
    if (!DATA[stream.kind][this.#from]) throw new FrameError('SpdyDataUnexpected');
    if (this.#isTaken(stream)) this.#streams.observer?.data(this.#channel(stream), bytes);
  }

  finished(id: number): void {
    if (this.#gone) return;
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.finished[this.#from] || !this.#isTaken(stream)) return;
    this.#finish(id, stream);
  }

  /** Before the server's reply either side drops what comes; whether it was in time the client cannot know. */
  #isTaken(stream: Stream): boolean {
    if (this.#from === 'client' && !stream.replied) throw new FrameError('SpdyDataUnexpected');
    return stream.replied;
  }

  #finish(id: number, stream: Stream): void {
    stream.finished[this.#from] = true;
    this.#streams.observer?.closed(this.#channel(stream));
    if (stream.finished.client && stream.finished.server) this.#streams.remove(id, stream);
  }

  reset(id: number): void {
    if (this.#gone) return;
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#streams.remove(id, stream);
  }

  goAway(): void {
    this.#gone = true;
  }

  #channel({ kind, port, connection }: Stream): Channel {
    return {
      from: this.#from,
      kind,
      ...(port === undefined ? {} : { port }),
      ...(connection === undefined ? {} : { connection }),
    };
  }
}
