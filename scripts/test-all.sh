#!/usr/bin/env bash
# All checks and all tests, real containers included. Ends with the line "N passed, N failed"; a check counts
# as one test. Every part runs even when one before it has failed.
set -uo pipefail
cd "$(dirname "$0")/.."
export TESTCONTAINERS_RYUK_DISABLED=true

passed=0
failed=0
check() {
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "[test] FAILED: $name"
  fi
}

check 'machine' bash scripts/setup-machine.sh
check 'build' npm run -s build
check 'types' npm run -s typecheck
check 'format' npm run -s format:check
check 'lint' npm run -s lint
check 'layers' npm run -s layers
check 'unused files and exports' npm run -s unused
check 'generated files are up to date' npm run -s generated:check

results=$(mktemp /tmp/conformance-tests.XXXXXX.json)
trap 'rm -f "$results"' EXIT
npx vitest run --reporter=default --reporter=json --outputFile.json="$results"
counts=$(node -e '
  const { numPassedTests, numFailedTests, numTotalTests, numFailedTestSuites, testResults } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
  const broken = testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
  console.log(numPassedTests, numFailedTests + broken, numTotalTests);
' "$results") || counts='0 1 0'
read -r tests_passed tests_failed tests_total <<<"$counts"
if [ "$tests_total" -eq 0 ]; then
  echo '[test] no test ran'
  tests_failed=$((tests_failed + 1))
fi
passed=$((passed + tests_passed))
failed=$((failed + tests_failed))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
