import { LaunchError } from '../process/launch-error.ts';
import { runCommand } from '../process/run-command.ts';

/** The machine's Java runtime. */
export interface Java {
  /** What Elasticsearch wants as `ES_JAVA_HOME`. */
  readonly home: string;
}

const OLDEST = 17;
const REMEDY = 'install a JDK 17 or newer (Debian: apt-get install openjdk-17-jdk-headless)';

/** Asks the `java` on PATH for its home. Throws a LaunchError of one line when there is none, or it is too old. */
export async function findJava(): Promise<Java> {
  const output = await runCommand('java', ['-XshowSettings:properties', '-version']).then(
    ({ stderr }) => stderr,
    () => undefined,
  );
  return judgeJava(output);
}

/** Reads what `java -XshowSettings:properties -version` printed; `undefined`: there is no java. */
export function judgeJava(output: string | undefined): Java {
  if (output === undefined) throw new LaunchError('ToolMissing', `java is not on PATH: ${REMEDY}`);
  // `java.version` was 1.8 up to Java 8 and has vendors' suffixes; the specification's version is a number since 9.
  const version = /^\s*java\.specification\.version = (\d+)/m.exec(output)?.[1];
  const home = /^\s*java\.home = (.+?)\s*$/m.exec(output)?.[1];
  if (version === undefined || home === undefined) {
    throw new LaunchError('ToolMissing', `java does not tell its version: ${REMEDY}`);
  }
  if (Number(version) < OLDEST) {
    throw new LaunchError('ToolMissing', `java is ${version}, ${OLDEST} or newer is needed: ${REMEDY}`);
  }
  return { home };
}
