#!/bin/sh
# Submit an execution and wait for its end: call.sh ACTION INPUTS EXECUTION_ID
# The same EXECUTION_ID (a UUID, as uuidgen makes it) again runs nothing again.
set -eu
action=$1 inputs=$2 execution_id=$3

# signed PATH [CURL-OPTION…]: one request, signed; --retry repeats after 429, 5xx and lost connections.
signed() {
  path=$1
  shift
  curl --silent --show-error --retry 5 --retry-connrefused "$ACTIONRELAY_URL$path" \
    --aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
    ${AWS_SESSION_TOKEN:+--header "x-amz-security-token: $AWS_SESSION_TOKEN"} "$@"
}

# The first status in an answer: the execution's.
status() { printf %s "$1" | grep -o '"status": *"[a-z_]*"' | head -n 1 | sed 's/.*"\([a-z_]*\)"$/\1/'; }

answer=$(signed /executions --header "Content-Type: application/json" \
  --data "{\"executionId\": \"$execution_id\", \"actionId\": \"$action\", \"inputs\": $inputs}")
while :; do
  case $(status "$answer") in
    queued | running | awaiting_webhook) sleep 1 ;;
    *) break ;;
  esac
  answer=$(signed "/executions/$execution_id")
done
printf '%s\n' "$answer"
[ "$(status "$answer")" = completed ]
