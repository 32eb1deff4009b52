import { hostname } from 'node:os';
import type { LoadRequest } from '../config/loaded.ts';
import { stateFolderAt } from '../system/state-folder.ts';
import { ownEnvironment, projectDirectory, stateDirectory, textOption, type RawOptions } from './options.ts';

/**
 * What is asked of the configuration, from what was typed.
 * @param words tasks or one chain, or chains of the configuration only
 */
export function loadRequestOf(
  words: readonly string[],
  options: RawOptions,
  areChains: boolean,
): LoadRequest {
  return {
    directory: projectDirectory(options),
    arguments: words,
    areChains,
    options: {
      // Chains of the configuration have their names and users there.
      name: areChains ? undefined : textOption(options, 'name'),
      cooldown: textOption(options, 'cooldown'),
      failureCooldown: textOption(options, 'failureCooldown'),
      timeout: textOption(options, 'timeout'),
      envFile: textOption(options, 'envFile'),
      inheritEnv: textOption(options, 'inheritEnv'),
      user: areChains ? undefined : textOption(options, 'user'),
      nice: areChains ? undefined : textOption(options, 'nice'),
    },
    host: hostname(),
    environment: ownEnvironment(),
    cacheDirectory: stateFolderAt(stateDirectory(options)).cache,
  };
}
