import { Command } from 'commander';

/** `conformance agent`: the reference agent as a process of its own. */
export interface AgentOptions {
  readonly runtimeEndpoint: string;
  readonly nodeName: string;
  readonly manifestDirectory?: string;
  readonly manifestUrl?: string;
  readonly kubeconfig?: string;
  readonly feedEndpoint?: string;
  readonly stateDirectory?: string;
  /** `kubelet`, `fast`, `live`, or periods as JSON. */
  readonly timings: string;
  readonly mutant?: string;
  /** A user's agent module in place of the reference agent. */
  readonly module?: string;
  readonly verbose: boolean;
}

export function agentCommandLine(found: (options: AgentOptions) => void): Command {
  return new Command('agent')
    .description('run the reference agent as a process of its own')
    .requiredOption('--runtime-endpoint <address>', 'CRI socket, for example unix:///run/containerd.sock')
    .option('--node-name <name>', 'name of the node', 'node-1')
    .option('--manifest-directory <path>', 'read pod manifests from this directory')
    .option('--manifest-url <url>', 'read pod manifests from this URL')
    .option('--kubeconfig <path>', 'read pods from this API server')
    .option('--feed-endpoint <address>', 'read pods from this feed')
    .option('--state-directory <path>', 'keep state that survives restarts here')
    .option('--timings <timings>', 'kubelet, fast, live, or periods as JSON', 'kubelet')
    .option('--mutant <name>', 'with this one defect')
    .option('--module <path>', 'a module that exports createAgent, in place of the reference agent')
    .option('--verbose', 'log what it does', false)
    .action((options: AgentOptions) => found(options));
}
