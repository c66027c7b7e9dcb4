/** One entry of the requirement catalogue. */
export interface Requirement {
  /** Stable identifier, for example `MUX-01`. */
  readonly id: string;
  /** MUST broken: the agent does not conform. SHOULD broken: a warning. */
  readonly level: 'MUST' | 'SHOULD';
  readonly group: string;
  readonly title: string;
  readonly text: string;
  /** Upper bound in the catalogue's time symbols; `–` where there is none. */
  readonly bound: string;
  /** How a violation shows at the boundaries. */
  readonly seenAs: string;
  /** Where in the kubelet's source the behaviour was seen. */
  readonly origin: string;
}
