import type { Ending } from '../../core/outcome.ts';
import type { TaskContext, TaskFunction } from '../../user-code/task.ts';
import { errorText, threw } from './function-error.ts';

/** Calls a function of the user to its end; what it throws goes to the log as a whole. */
export async function callFunction(call: TaskFunction, context: TaskContext): Promise<Ending> {
  try {
    await call(context);
    return { kind: 'succeeded' };
  } catch (error) {
    process.stderr.write(errorText(error));
    return threw(error);
  }
}
