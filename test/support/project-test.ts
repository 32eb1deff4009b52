import { test } from 'node:test';
import { createProject, type TestProject } from './runner-process.ts';

/** A test with a project of its own, in which nothing lives on. */
export function projectTest(name: string, body: (project: TestProject) => Promise<void>): void {
  test(name, async () => {
    const project = createProject();
    try {
      await body(project);
    } finally {
      await project.close();
    }
  });
}
