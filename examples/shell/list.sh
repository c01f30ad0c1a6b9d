#!/bin/sh
# List executions: list.sh from=2026-11-24T13:00:00+01:00 status=failed,unknown limit=20
# A signature covers a query in one form: sorted by name, and percent-encoded except for letters, digits and -._~
set -eu
export LC_ALL=C

# encode TEXT, byte by byte
encode() {
  printf %s "$1" | od -An -v -tx1 | tr 'a-f' 'A-F' | tr -s ' ' '\n' | while read -r hex; do
    case $hex in
      '') ;;
      2D | 2E | 5F | 7E | 3[0-9] | 4[1-9A-F] | 5[0-9A] | 6[1-9A-F] | 7[0-9A]) printf "\\$(printf %o "0x$hex")" ;;
      *) printf %%%s "$hex" ;;
    esac
  done
}

query=$(for pair in "$@"; do printf '%s=%s\n' "$(encode "${pair%%=*}")" "$(encode "${pair#*=}")"; done | sort | paste -s -d '&' -)
curl --silent --show-error "$ACTIONRELAY_URL/executions${query:+?$query}" \
  --aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
  ${AWS_SESSION_TOKEN:+--header "x-amz-security-token: $AWS_SESSION_TOKEN"}
echo
