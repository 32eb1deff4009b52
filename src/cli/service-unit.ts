/** What a systemd unit for a project is made of. */
export interface ServiceParts {
  /** The project root, absolute. */
  readonly directory: string;
  readonly user: string;
  /** The program and its first arguments, absolute. */
  readonly command: readonly string[];
  readonly stateDirectory: string;
  /** How long a stop may take before systemd loses its patience. */
  readonly stopSeconds: number;
}

/** A systemd unit, with its reasons; see systemd.service(5) and systemd.exec(5). */
export function serviceUnit({ directory, user, command, stateDirectory, stopSeconds }: ServiceParts): string {
  const runner = command.map(quoted).join(' ');
  const state = `--state-dir ${quoted(stateDirectory)}`;
  return `[Unit]
Description=Chains of ${inUnit(directory)} (yourlabs-runner)
Wants=network-online.target
After=network-online.target
# Work that goes on for ever is started again for ever.
StartLimitIntervalSec=0

[Service]
# It says when it is up and, for the watchdog, that it is alive, by the program systemd-notify.
Type=notify
NotifyAccess=all
WatchdogSec=60
User=${inUnit(user)}
WorkingDirectory=${inUnit(directory)}
ExecStart=${runner} up ${state}
ExecReload=${runner} reload ${state}
Restart=always
RestartSec=1
# The runner ends its runs itself, each within its stopGrace and killGrace. After a crash of the runner they go on,
# and the next runner waits for them: so systemd must not kill them.
KillMode=process
TimeoutStopSec=${stopSeconds}

# What the tasks may not do either. Take a line out if a task of yours needs it.
NoNewPrivileges=${user === 'root' ? 'no' : 'yes'}
ProtectSystem=full
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
LockPersonality=yes
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
`;
}

/** A value that takes the rest of a line: a percent sign has a meaning, and a backslash at the end would join two lines. */
function inUnit(text: string): string {
  return oneLine(text).replaceAll('%', '%%').replace(/\\+$/, '');
}

// A unit cannot say such a character, and a line end in a folder's name would add lines: `service` refuses both.
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

/** A word of a command line: a blank, a quote, a percent sign and a dollar have a meaning to systemd. */
function quoted(word: string): string {
  const escaped = oneLine(word).replaceAll('%', '%%').replaceAll('$', '$$$$');
  return word === '' || /[\s"'\\;]/.test(word) ? JSON.stringify(escaped) : escaped;
}
