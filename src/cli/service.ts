import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { userInfo } from 'node:os';
import { loadProject } from '../compose/load-project.ts';
import { explainProblems } from '../config/problem.ts';
import { problemWithWriters } from '../config/trust.ts';
import type { ChainDefinition } from '../core/definition.ts';
import { quoted } from '../core/quoted.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { guarded } from './fail.ts';
import { loadRequestOf } from './load-request.ts';
import { isGiven, projectDirectory, stateDirectory, textOption, type RawOptions } from './options.ts';
import { serviceUnit } from './service-unit.ts';

/** `runner service`: a systemd unit for this project on standard output, and how to install it on standard error. */
export async function service(options: RawOptions): Promise<void> {
  await guarded(isGiven(options, 'debug'), async (): Promise<ExitStatus> => {
    const answer = await loadProject(loadRequestOf([], options, true));
    if (answer.kind === 'rejected') {
      process.stderr.write(explainProblems(answer.problems));
      return exitStatus.config;
    }
    const directory = projectDirectory(options);
    const user = textOption(options, 'user') ?? userInfo().username;
    const odd = [directory, stateDirectory(options), user].find((one) => /\p{Cc}|\\$/u.test(one));
    if (odd !== undefined) {
      console.error(`Cannot write ${quoted(odd)} into a unit: give it a name without line ends and the like`);
      return exitStatus.config;
    }
    const program = process.argv[1] ?? '';
    const problem =
      user === 'root' ? problemWithRoot([program, ...configPaths(directory, answer.configFile)]) : null;
    if (problem !== null) {
      console.error(`Cannot make a service that runs as root: ${problem}; or name another user with --user`);
      return exitStatus.config;
    }
    const unit = {
      directory,
      user,
      command: [process.execPath, program],
      stateDirectory: stateDirectory(options),
      stopSeconds: stopSecondsOf(answer.chains.map(({ definition }) => definition)),
    };
    process.stdout.write(serviceUnit(unit));
    process.stderr.write(howToInstall(textOption(options, 'name') ?? `runner-${basename(directory)}`));
    return exitStatus.success;
  });
}

function configPaths(directory: string, file: string | null): readonly string[] {
  return file === null ? [] : [join(directory, file)];
}

// Whoever can write what root runs is root.
function problemWithRoot(paths: readonly string[]): string | null {
  for (const path of paths) {
    const { uid } = statSync(path);
    if (uid !== 0) return `${path} belongs to user ${uid}, who could change it; run "chown root ${path}"`;
    const problem = problemWithWriters(path);
    if (problem !== null) return `${path}: ${problem}`;
  }
  return null;
}

/** The longest that a stop may take: all chains stop at once. */
function stopSecondsOf(chains: readonly ChainDefinition[]): number {
  const graces = chains.map(({ stopGraceMs, killGraceMs }) => stopGraceMs + killGraceMs);
  return Math.ceil(Math.max(0, ...graces) / 1_000) + 15;
}

function howToInstall(name: string): string {
  return `
To install it:  runner service | sudo tee /etc/systemd/system/${name}.service > /dev/null
                sudo systemctl daemon-reload && sudo systemctl enable --now ${name}
Afterwards:     systemctl reload ${name}    takes a changed configuration in
                runner upgrade              takes a new version in, without a gap
                journalctl -u ${name}       what it says
`;
}
