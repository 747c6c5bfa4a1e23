import type { Duplex } from 'node:stream';
import { GatewayError } from '../gateway-error.ts';
import type { Conversation, Farewell, FrameReader } from '../recording/conversation.ts';
import { FrameError } from '../recording/frame-error.ts';
import { statusAnswer, type Status } from '../status.ts';

export interface TunnelOptions {
  readonly client: Duplex;
  readonly server: Duplex;
  /** What the client sent before the connection was upgraded. */
  readonly early: readonly Buffer[];
  /** How what passes is read; undefined where nothing is known of it. */
  readonly conversation: Conversation | undefined;
}

/** How a tunnel ended. */
export interface TunnelOutcome {
  /** Why it was ended before either side ended it. */
  readonly endedBy?: GatewayError;
}

/** A frame of the server goes on when it is whole, up to this many bytes of it; longer ones go as they come. */
const MAX_HELD = 1_048_576;
/** For a side to close, once it has been sent all there is. */
const LINGER = 5_000;
/** For a client to take its last words to heart. */
const PAUSE = 500;

/**
 * Passes bytes both ways between two sockets, never faster than they are taken, until both sides have ended. A side that
 * ends its half leaves the other half as it is; an error of either ends both.
 *
 * Nothing passes that cannot be read. Of the server's frames only whole ones do, so that a session which is ended from
 * inside can still be told why.
 */
export class Tunnel {
  readonly #options: TunnelOptions;
  readonly #up: Flow;
  readonly #down: Flow;
  #settled = false;
  #resolve: (outcome: TunnelOutcome) => void = () => undefined;

  constructor(options: TunnelOptions) {
    const { client, server, conversation } = options;
    this.#options = options;
    readOnWhereWritesFail(server);
    const refused = (error: unknown): void =>
      this.end(
        error instanceof FrameError
          ? new GatewayError('FrameRefused', { detail: error.message, cause: error })
          : new GatewayError('Internal', { cause: error }),
      );
    this.#up = new Flow({ from: client, to: server, reader: conversation?.client, whole: false, refused });
    this.#down = new Flow({ from: server, to: client, reader: conversation?.server, whole: true, refused });
  }

  /** Resolves when both sides have closed. */
  run(): Promise<TunnelOutcome> {
    const { client, server, early } = this.#options;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#whenClosed(client, server);
      this.#whenClosed(server, client);
      this.#up.start(early);
      this.#down.start([]);
    });
  }

  /** Ends it from inside: nothing of either side passes any more, and the client is told why where that can be done. */
  end(why: GatewayError): void {
    if (this.#settled) return;
    const { client, server, conversation } = this.#options;
    this.#up.stop();
    this.#down.stop();
    server.destroy();
    const farewell = this.#down.betweenFrames && client.writable ? conversation?.farewell(plainStatus(why)) : undefined;
    if (farewell === undefined) client.destroy();
    else say(client, farewell);
    this.#settle({ endedBy: why });
  }

  /** What becomes of `other` when `socket` has closed. */
  #whenClosed(socket: Duplex, other: Duplex): void {
    const closed = (): void => {
      if (this.#settled) return;
      // Cut, not ended: nobody may take what the other side has for all there is.
      if (!socket.readableEnded) cut(other);
      // All that it sent is on its way, at the pace of who takes it.
      else if (other.writableFinished) linger(other);
      else other.once('finish', () => linger(other));
      other.resume();
      if (socket.closed && other.closed) this.#settle({});
    };
    socket.on('error', () => undefined);
    if (socket.closed) queueMicrotask(closed);
    else socket.once('close', closed);
  }

  #settle(outcome: TunnelOutcome): void {
    this.#settled = true;
    this.#options.conversation?.close();
    this.#resolve(outcome);
  }
}

/** Without what concerns an HTTP answer. */
const plainStatus = (why: GatewayError): Status => statusAnswer(why, undefined).status;

function say(client: Duplex, { words, close, unhurried }: Farewell): void {
  client.write(words);
  const timer = setTimeout(() => client.end(close), unhurried ? PAUSE : 0);
  client.once('close', () => clearTimeout(timer));
  client.once('end', () => {
    clearTimeout(timer);
    client.end();
  });
  // What the client still sends is read and dropped: unread, it would reset the connection under the last words.
  client.resume();
  linger(client);
}

/**
 * Lets a write that fails end the writing alone. The API server closes a connection as soon as it has sent all there is:
 * what a client says by then, such as the ping that kubectl sends every 5 s, fails, while megabytes of output are still to
 * be read. Node would throw them away, and kubectl would take what it has for all there is.
 */
function readOnWhereWritesFail(socket: Duplex): void {
  let failed = false;
  const noting = (done: () => void) => (error?: Error | null) => {
    if (error !== undefined && error !== null) failed = true;
    done();
  };
  const write = socket._write.bind(socket);
  const writev = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, done) => (failed ? done() : write(chunk, encoding, noting(done)));
  if (writev !== undefined) socket._writev = (chunks, done) => (failed ? done() : writev(chunks, noting(done)));
}

/** Breaks a connection off, without an end, once what has come for it is on its way. */
function cut(socket: Duplex): void {
  if (!socket.writable || socket.writableLength === 0) {
    socket.destroy();
    return;
  }
  socket.write(Buffer.alloc(0), () => socket.destroy());
  linger(socket);
}

/** Leaves a socket that has been ended some time to be closed by its other side. */
function linger(socket: Duplex): void {
  if (socket.closed) return;
  const timer = setTimeout(() => socket.destroy(), LINGER);
  socket.once('close', () => clearTimeout(timer));
}

interface FlowOptions {
  readonly from: Duplex;
  readonly to: Duplex;
  readonly reader: FrameReader | undefined;
  /** Whether only whole frames pass. */
  readonly whole: boolean;
  readonly refused: (error: unknown) => void;
}

/** One direction. */
class Flow {
  readonly #options: FlowOptions;
  /** Of a frame that is not whole yet. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #cut = false;
  #reading = false;
  #ended = false;
  #stopped = false;

  constructor(options: FlowOptions) {
    this.#options = options;
  }

  /** Whether the last byte that went on ended a frame. */
  get betweenFrames(): boolean {
    return !this.#cut;
  }

  start(early: readonly Buffer[]): void {
    const { from, to } = this.#options;
    to.on('drain', () => this.#resume());
    from.on('end', () => {
      this.#ended = true;
      if (!this.#reading) this.#end();
    });
    if (early.length > 0) this.#read(Buffer.concat(early));
    from.on('data', (chunk: Buffer) => this.#read(chunk));
    from.pause();
    this.#resume();
  }

  stop(): void {
    this.#stopped = true;
    this.#held = [];
  }

  #read(chunk: Buffer): void {
    if (this.#stopped) return;
    const { from, reader, refused } = this.#options;
    let waiting: Promise<void> | undefined;
    try {
      waiting = reader?.push(chunk);
    } catch (error) {
      return refused(error);
    }
    if (waiting === undefined) return this.#pass(chunk);
    this.#reading = true;
    from.pause();
    waiting.then(
      () => {
        this.#reading = false;
        if (this.#stopped) return;
        this.#pass(chunk);
        if (this.#ended) this.#end();
        else this.#resume();
      },
      (error: unknown) => {
        if (!this.#stopped) refused(error);
      },
    );
  }

  /** Sends on what is whole, and holds the beginning of a frame whose end has not come. */
  #pass(chunk: Buffer): void {
    const { reader, whole } = this.#options;
    const unfinished = reader === undefined || !whole ? 0 : reader.unfinished;
    const here = this.#heldBytes + chunk.length;
    // More than there is here has gone on already.
    this.#cut = unfinished > Math.min(here, MAX_HELD);
    const held = this.#cut ? 0 : Math.min(unfinished, chunk.length);
    if (unfinished < here || this.#cut) this.#write([...this.#release(), chunk.subarray(0, chunk.length - held)]);
    this.#hold(chunk.subarray(chunk.length - held));
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  #release(): Buffer[] {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    return held;
  }

  #write(chunks: readonly Buffer[]): void {
    const { from, to } = this.#options;
    // A side that has closed its half takes nothing more; what is for it is read and dropped, so that its last words pass.
    if (!to.writable) return;
    for (const chunk of chunks) if (chunk.length > 0 && !to.write(chunk)) from.pause();
  }

  #resume(): void {
    const { from, to } = this.#options;
    if (!this.#stopped && !this.#reading && !(to.writable && to.writableNeedDrain)) from.resume();
  }

  #end(): void {
    if (this.#stopped) return;
    this.#write(this.#release());
    if (this.#options.to.writable) this.#options.to.end();
  }
}
