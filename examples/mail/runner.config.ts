import { defineConfig } from 'yourlabs-runner';

// `runner run mail` runs this chain, `runner check` shows the values in force and where each comes from.
export default defineConfig({
  chains: {
    mail: {
      tasks: ['tasks.sendMail', 'tasks.retryDeferred'],
      // Tasks get a clean environment and, of the runner's own, what is named here.
      inheritEnv: ['SMTP_URL', 'MAIL_FOLDER'],
      // The longest that a run may take. The cooldowns stand in tasks.ts, beside the functions.
      timeout: '1m',
    },
  },
});
