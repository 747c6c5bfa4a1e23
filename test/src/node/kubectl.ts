import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

/** How the kubectl of a test reaches its cluster. */
export interface KubectlOptions {
  readonly binDirectory: string;
  readonly kubeconfig: string;
  readonly namespace: string;
  /** Added to the environment, e.g. to choose the protocol of streams. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What became of one run of kubectl. */
export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  /** Without kubectl's own diagnostics. */
  readonly stderr: string;
  /** Connections that were upgraded, in order, e.g. `GET exec`: GET is a WebSocket's handshake, POST is SPDY's. */
  readonly upgrades: readonly string[];
}

export interface Kubectl {
  run(args: readonly string[], input?: Buffer | string): Promise<KubectlResult>;
  /** Like `run`, on a terminal of 33 rows and 77 columns; its output, standard error included, is `stdout`. */
  runOnTerminal(args: readonly string[], input?: string): Promise<KubectlResult>;
  /** Starts a command that does not end by itself. */
  start(args: readonly string[]): ChildProcess;
}

export function newKubectl(options: KubectlOptions): Kubectl {
  const command = join(options.binDirectory, 'kubectl');
  // Level 6 names each request and its answer: the proof of which protocol was used.
  const common = [`--kubeconfig=${options.kubeconfig}`, `--namespace=${options.namespace}`, '-v=6'];
  const env = { ...process.env, ...options.env };
  return {
    run: (args, input) => finish(spawn(command, [...common, ...args], { env }), input),
    runOnTerminal(args, input) {
      const quoted = [command, ...common, ...args].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`);
      const line = `stty rows 33 cols 77 && exec ${quoted.join(' ')}`;
      // script(1), of Debian's essential bsdutils, gives the command a pseudo-terminal and passes its exit code on.
      return finish(spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], { env }), input);
    },
    start: (args) => spawn(command, [...common, ...args], { env }),
  };
}

async function finish(child: ChildProcess, input: Buffer | string = ''): Promise<KubectlResult> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin?.on('error', () => {}); // A command that does not read its input may end before it is written.
  child.stdin?.end(input);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (value, signal) => resolve(value ?? (signal === null ? 1 : 128)));
  });
  const out = splitDiagnostics(Buffer.concat(stdout).toString());
  const errors = splitDiagnostics(Buffer.concat(stderr).toString());
  return { code, stdout: out.text, stderr: errors.text, upgrades: upgradesIn(out.diagnostics + errors.diagnostics) };
}

/** klog's lines begin with a level and a date: `I1122 15:43:00.648240   16589 file.go:632] ...`. */
const KLOG_LINE = /^[IWE]\d{4} \d\d:\d\d:\d\d\.\d+ .*\r?\n?/gm;

export function splitDiagnostics(text: string): { text: string; diagnostics: string } {
  return { text: text.replaceAll(KLOG_LINE, ''), diagnostics: (text.match(KLOG_LINE) ?? []).join('') };
}

export function upgradesIn(diagnostics: string): string[] {
  const answered = /verb="(?<verb>\w+)" url="[^"?]*\/(?<subresource>\w+)(?:\?[^"]*)?" status="101 /g;
  return [...diagnostics.matchAll(answered)].map(({ groups }) => `${groups?.['verb']} ${groups?.['subresource']}`);
}
