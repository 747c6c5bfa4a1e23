import { CLUSTER_MODULE } from '@chaperone/e2e/cluster/kubernetes-version';
import { runCommand } from '@chaperone/e2e/process/run-command';
import { join } from 'node:path';

/** A request line without its version. */
export interface Question {
  readonly method: string;
  readonly target: string;
}

/** Kubernetes' reading of a request line, as e2e/cluster/requestinfo prints it; `error` where it serves none. */
export type Answer = Readonly<Record<string, unknown>>;

/** Builds the Go program that answers with Kubernetes' own RequestInfoFactory. Returns its path. */
export async function buildOracle(directory: string): Promise<string> {
  const binary = join(directory, 'requestinfo');
  // The flags of the control plane's build, whose compiled packages the build cache then already holds.
  const args = ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', '-o', binary];
  const { code, stderr } = await runCommand('go', [...args, './requestinfo'], {
    cwd: CLUSTER_MODULE,
    env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOWORK: 'off' },
  });
  if (code !== 0) throw new Error(`go build of the requestinfo oracle failed: ${stderr}`);
  return binary;
}

/** Asks the oracle; answers are in the order of the questions. */
export async function askOracle(binary: string, questions: readonly Question[]): Promise<Answer[]> {
  const input = questions.map(({ method, target }) => `${JSON.stringify({ method, target })}\n`).join('');
  const { code, stdout, stderr } = await runCommand(binary, [], { input });
  if (code !== 0) throw new Error(`the requestinfo oracle failed: ${stderr}`);
  const answers = stdout.trimEnd().split('\n').map(parseAnswer);
  if (answers.length !== questions.length)
    throw new Error(`the requestinfo oracle gave ${answers.length} answers to ${questions.length} questions`);
  return answers;
}

function parseAnswer(line: string): Answer {
  const answer: unknown = JSON.parse(line);
  if (typeof answer !== 'object' || answer === null) throw new Error(`the requestinfo oracle said ${line}`);
  return { ...answer };
}
