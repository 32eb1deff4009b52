// npm run soak -- [--minutes N] [--seed N] [--json]: see --help. Builds first what it needs.
import { root, run } from '../scripts/command.mjs';

const built = await run(process.execPath, [`${root}scripts/build.mjs`]);
if (built.exitCode !== 0) {
  console.error(built.output.trimEnd());
  process.exit(1);
}
const { soak } = await import('../build/soak/soak.js');
process.exitCode = await soak(process.argv.slice(2));
