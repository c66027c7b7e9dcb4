import type { GenerateOptions } from '../explore/suite.js';
import type { AgentProfile } from '../ports/driver.js';

/** What plans for this agent have to heed. An agent that cannot be told its periods has plans that go at its pace. */
export function generateOptionsOf(profile: AgentProfile, world: 'sim' | 'live'): GenerateOptions {
  const { sources, features, timings } = profile;
  return {
    sources,
    profile: world,
    features,
    ...(features.includes('settable-timings') ? {} : { timings }),
  };
}
