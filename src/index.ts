export { defineConfig } from './config/runner-config.ts';
export type {
  ConfigChain,
  ConfigHostChain,
  ConfigLimits,
  ConfigTask,
  RunnerConfig,
} from './config/runner-config.ts';
export { task } from './user-code/task.ts';
export type {
  BackOffOptions,
  CooldownOptions,
  TaskContext,
  TaskFunction,
  TaskOptions,
} from './user-code/task.ts';
