import { AuthenticationError } from '@chaperone/proxy/authn/authentication-error';

/** The code that something is refused with; 'accepted' where it is not. Any other error goes on. */
export function refusalOf(attempt: () => unknown): string {
  try {
    attempt();
    return 'accepted';
  } catch (error) {
    return codeOf(error);
  }
}

/** As {@link refusalOf}, of a promise. */
export async function refusalOfAsync(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'accepted';
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof AuthenticationError) return error.code;
  throw error;
}
