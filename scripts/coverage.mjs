// Runs the tests of src/core/ with coverage, on Node 22 or newer (ours, else one that `verify` installed),
// because Node 20 miscounts branches. Fails below 100 % of lines, branches and functions.
import { nodeProgram } from './nodes.mjs';
import { run } from './command.mjs';

const isNewEnough = Number(process.versions.node.split('.')[0]) >= 22;
const program = isNewEnough ? process.execPath : await nodeProgram(24);
if (program === null) {
  console.log('Cannot measure coverage on Node 20: run "npm run verify" once, it installs newer ones');
  process.exit(1);
}
const { exitCode } = await run(program, ['scripts/test.mjs', '--core-coverage', 'src/core/'], {
  isShown: true,
});
process.exit(exitCode);
