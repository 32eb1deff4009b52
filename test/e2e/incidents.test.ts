import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectTest } from '../support/project-test.ts';

/**
 * What went to people, as the channel of the test wrote it down: one document a line. Whoever is killed between sending
 * and storing sends once more by the same id.
 */
function toldBy(folder: string): readonly string[] {
  const lines = readFileSync(join(folder, 'told'), 'utf8').trim().split('\n');
  const byId = new Map(lines.map((line) => [/"id":"(?<id>[^"]+)"/.exec(line)?.groups?.['id'] ?? line, line]));
  return [...byId.values()].map(
    (line) => /"kind":"(?<kind>(?:incident|new) \w+)"/.exec(line)?.groups?.['kind'] ?? line,
  );
}

projectTest('an incident goes on when its runner is killed, and each thing is told once', async (project) => {
  // Fails twice, then in another way, and then no more. Each time there are some seconds to tell of it and to be killed.
  const task = `sh: case $RUNNER_RUN in 1|2) echo "ERROR: order $RUNNER_RUN is gone"; exit 3;; 3) echo "curl: (7) no"; exit 7;; esac`;
  const chain = { tasks: [task], cooldown: { success: '1h', failure: '3s' } };
  const channels = {
    file: { command: `cat >> ${join(project.folder, 'told')}; echo >> ${join(project.folder, 'told')}` },
  };
  writeFileSync(
    join(project.folder, 'runner.config.json'),
    JSON.stringify({ chains: { mail: chain }, alerts: { channels } }),
  );
  // The runner is killed in each case after people were told.
  for (const [run, told] of [
    [1, 'incident opened'],
    [2, 'incident opened'],
    [3, 'new kind'],
  ] as const) {
    const runner = project.start('mail');
    await runner.next('run ended', (event) => event.run === run);
    project.shell(`until grep -q '"kind":"${told}"' told; do sleep 0.05; done`);
    runner.signal('SIGKILL');
    await runner.ended;
  }
  assert.match(project.command('incidents', '--open').stdout, /OPEN +mail .* 3 +exit status 7/);
  const last = project.start('mail', '--passes', '1');
  await last.next('run ended', (event) => event.run === 4);
  assert.equal((await last.ended).exitCode, 0);
  assert.match(project.command('incidents', '--open').stdout, /No open incident/i);
  const report = project.command('incident', '1').stdout;
  assert.match(report, /Kind 1: ERROR: order 1 is gone\n +2 times/);
  assert.match(report, /Kind 2: .*curl: \(7\) no\n/);
  assert.deepEqual(toldBy(project.folder), ['incident opened', 'new kind', 'incident healed']);
});
