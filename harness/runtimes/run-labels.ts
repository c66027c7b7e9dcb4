/** Labels on everything that is made in an engine or a runtime; nothing without them is ever touched. */
export const runLabels = {
  run: 'org.node-agent-conformance.run',
  owner: 'org.node-agent-conformance.owner',
  kind: 'org.node-agent-conformance.kind',
  pod: 'org.node-agent-conformance.pod',
  container: 'org.node-agent-conformance.container',
} as const;
