import { EXIT } from './command-error.ts';
import { run } from './run.ts';

// `| head` has what it wants: that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

try {
  process.exitCode = await run(process.argv.slice(2), {
    variables: process.env,
    out: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY,
    now: () => Date.now(),
  });
} catch (error) {
  // A fault of the program itself. Left to Node.js it would exit with 1, which means findings.
  process.stderr.write(`Error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = EXIT.failed;
}
