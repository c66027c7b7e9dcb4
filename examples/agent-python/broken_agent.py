"""The same agent with one defect: it starts containers again that are never to be restarted.

It shows what the suite says of such an agent:

    npx conformance run --agent examples/agent-python/broken-agent.yaml --suite lifecycle
"""

import agent
import pod_worker


def restarts_always(_policy, _exit_code):
    return True


pod_worker.restarts_after = restarts_always

if __name__ == "__main__":
    agent.main()
